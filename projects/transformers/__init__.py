"""Transformers that scikit-learn does not have; they import third-party modules and each other only."""
