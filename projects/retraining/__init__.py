"""A version that has served is held against one that has learned from what came since."""
