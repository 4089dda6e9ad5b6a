"""What answers a request: a scoring plan, or the version's own pyfunc."""
