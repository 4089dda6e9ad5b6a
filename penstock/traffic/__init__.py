"""A/B tests: what they are, how each side does, and whether the difference is more than chance."""
