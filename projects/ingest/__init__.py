"""From any files to one table."""
