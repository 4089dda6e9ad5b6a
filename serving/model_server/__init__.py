"""Answers for registered versions: a server of its own, and the process that each pyfunc runs in."""
