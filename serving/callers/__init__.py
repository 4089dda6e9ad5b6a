"""Who calls, and what they may read: MLflow's users by their password, machines by a service key."""
