"""The scoring plan: a fitted pipeline written as data, checked against the original, run without pickle."""
