"""Where things come from and what became of them: from a prediction to a file, and back."""
