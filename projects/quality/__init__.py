"""What is in a table: its profile and report, rules that must hold, columns that leak the answer."""
