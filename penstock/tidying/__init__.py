"""Artefacts that nothing uses any more: found, told, and removed when somebody says so."""
