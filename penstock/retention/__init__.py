"""How long things are kept, what depends on them, and how they go."""
