"""Drift: a window's rows become a bounded profile, and the profile is judged against the reference."""
