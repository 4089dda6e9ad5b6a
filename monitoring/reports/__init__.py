"""Evidently's reports: pages here, runs in MLflow, snapshots in an Evidently workspace."""
