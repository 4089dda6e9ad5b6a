"""Who asks, and what MLflow's permissions let them do."""
