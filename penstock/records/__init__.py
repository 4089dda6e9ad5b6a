"""Penstock's own records of projects and data sets."""
