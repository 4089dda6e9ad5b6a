"""Tables larger than memory: searched on a sample, then fitted on all rows, chunk by chunk, from disk."""
