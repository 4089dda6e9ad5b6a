"""The loop from a model that has gone bad to a better one: when to train, the training, and what follows."""
