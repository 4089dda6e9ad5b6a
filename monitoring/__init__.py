"""Watching: the prediction log becomes windows, and windows become drift figures and reports."""
