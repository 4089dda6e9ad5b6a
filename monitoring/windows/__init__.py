"""Which predictions are looked at together: live and closed windows, their traffic and their outcomes."""
