"""Which rows are learned from, read into a frame, and what learning from fewer rows costs."""
