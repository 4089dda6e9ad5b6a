"""Where MLflow shows what it tracked, as browsers reach it."""

from urllib.parse import quote

from serving.settings import Settings


def web(settings: Settings) -> str:
    """MLflow's address as browsers reach it, without an ending slash; empty where it has none."""
    address = settings.mlflow_url or settings.tracking_uri
    return address.rstrip("/") if address.startswith(("http://", "https://")) else ""


def experiment_url(settings: Settings, experiment_id: str) -> str:
    """An experiment's page in MLflow."""
    return f"{web(settings)}/#/experiments/{quote(experiment_id, safe='')}" if web(settings) else ""


def run_url(settings: Settings, experiment_id: str, run_id: str) -> str:
    """A run's page in MLflow."""
    page = experiment_url(settings, experiment_id)
    return f"{page}/runs/{quote(run_id, safe='')}" if page else ""


def model_url(settings: Settings, name: str, version: str = "") -> str:
    """A registered model's page in MLflow, or a version's."""
    if not web(settings):
        return ""
    page = f"{web(settings)}/#/models/{quote(name, safe='')}"
    return f"{page}/versions/{quote(version, safe='')}" if version else page
