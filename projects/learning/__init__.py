"""From rows to the best pipeline: candidates, comparison, search."""
