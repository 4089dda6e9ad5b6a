"""A process of its own for each version whose code is not ours: it may hang, crash or eat memory alone."""
