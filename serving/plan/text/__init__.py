"""What numbers a text becomes by itself, without a matrix: the same code learns, scores and serves."""
