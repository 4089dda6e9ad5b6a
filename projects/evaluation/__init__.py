"""How good a model is, whether it may go on, and what a person reads about it."""
