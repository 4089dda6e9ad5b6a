"""Models made of models: votes, stacks, bags, calibration, thresholds, transformed targets."""
