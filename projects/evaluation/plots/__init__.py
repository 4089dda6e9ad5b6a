"""The pictures of one version: one plot a function, drawn without a display."""
