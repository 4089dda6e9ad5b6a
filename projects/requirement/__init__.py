"""What a person asks for: one typed requirement, from a file, a sentence or the command line."""
