"""What each input column adds to an answer, by the model's own method, from a scoring plan."""
