"""Back-ups of all that cannot be made anew: databases, artefacts, prediction logs, audit heads, uploads."""
