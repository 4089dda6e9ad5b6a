"""What the platform counts of itself, and what it tells of its success."""
