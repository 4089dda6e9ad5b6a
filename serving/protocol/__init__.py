"""MLflow's scoring protocol: from a request's bytes to typed rows, from scores to an answer."""
