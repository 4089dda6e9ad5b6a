"""The steps of the MLproject: each a command of its own, on a path, a requirement or a run."""
