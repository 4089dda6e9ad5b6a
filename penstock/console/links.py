"""Where else to look: MLflow, the monitor, Evidently, Grafana, and the API's own page."""

from urllib.parse import quote

from serving.settings import Settings


def elsewhere(settings: Settings) -> list[tuple[str, str]]:
    """Names and addresses of what else runs, as browsers reach it."""
    found = [("MLflow", mlflow(settings)), ("Monitor", monitor(settings))]
    found += [("Evidently", settings.evidently_url), ("Grafana", settings.grafana_url)]
    return [(name, address) for name, address in found if _is_web(address)] + [("API", "/docs")]


def mlflow(settings: Settings) -> str:
    """MLflow's pages."""
    return (settings.mlflow_url or settings.tracking_uri).rstrip("/")


def monitor(settings: Settings) -> str:
    """The monitor's pages."""
    return (settings.monitor_url or f"http://127.0.0.1:{settings.monitor_port}").rstrip("/")


def of_run(settings: Settings, experiment_id: str, run_id: str) -> str:
    """A run's page in MLflow; empty where there is none."""
    if not run_id:
        return ""
    return f"{mlflow(settings)}/#/experiments/{quote(experiment_id or '0')}/runs/{quote(run_id)}"


def of_model(settings: Settings, model: str) -> str:
    """A registered model's page in MLflow."""
    return f"{mlflow(settings)}/#/models/{quote(model, safe='')}"


def of_version(settings: Settings, model: str, version: str) -> str:
    """A version's page in MLflow."""
    return f"{of_model(settings, model)}/versions/{quote(version)}"


def _is_web(address: str) -> bool:
    """Whether a browser can go there, and nobody's password stands in it."""
    return address.startswith(("http://", "https://")) and "@" not in address.split("/")[2]
