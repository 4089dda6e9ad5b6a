"""Texts become numbers: how many and which depends on how many labelled ones there are."""
