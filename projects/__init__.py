"""Offline: data becomes rows, features, candidates, scores and a version in the registry."""
