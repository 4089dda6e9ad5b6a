"""What MLflow tracked, as the platform shows it: runs found fast, curves thinned, links that work."""
