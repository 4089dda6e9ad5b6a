"""Whole ways from raw data to a served version, each on the same pipeline as every other."""
