"""Registered models whose versions have passed or failed a gate, and nothing behind them."""

from mlflow import MlflowClient

PASSED, FAILED = "pass", "fail: AUC > 0.85"


def gated_model(uri: str, name: str) -> str:
    """Register a model with two versions that passed and a third that failed; give its name."""
    client = MlflowClient(uri, uri)
    client.create_registered_model(name)
    for gate in (PASSED, PASSED, FAILED):
        client.create_model_version(name, source="s3://nowhere/x", tags={"penstock.gate": gate})
    return name
