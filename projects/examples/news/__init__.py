"""News headlines, sorted by what they are about: a table of texts that grows."""
