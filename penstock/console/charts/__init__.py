"""Pictures of figures as inline SVG, each with its words beside it."""
