"""The person at a command: their name, their words, and MLflow's client with their patience."""

import getpass
import os

from mlflow import MlflowClient

from serving.settings import Settings


def make_client(settings: Settings) -> MlflowClient:
    """MLflow's client: its own patience is minutes, a person's is seconds."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    return MlflowClient(settings.tracking_uri, settings.tracking_uri)


def user() -> str:
    """Who runs this process."""
    if name := os.environ.get("USER"):
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in the container's tables
        return f"uid {os.getuid()}"


def clean(text: str) -> str:
    """Text without the half characters that a terminal of another encoding leaves."""
    return text.encode(errors="replace").decode().strip()
