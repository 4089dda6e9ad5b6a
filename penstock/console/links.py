"""Where else to look: MLflow, the monitor, Evidently, Grafana, and the API's own page."""

from penstock.tracking.links import web
from penstock.watching.monitor import monitor_url
from serving.settings import Settings


def elsewhere(settings: Settings) -> list[tuple[str, str]]:
    """Names and addresses of what else runs, as browsers reach it."""
    found = [("MLflow", web(settings)), ("Monitor", monitor_url(settings))]
    found += [("Evidently", settings.evidently_url), ("Grafana", settings.grafana_url)]
    return [(name, address) for name, address in found if _is_web(address)] + [("API", "/docs")]


def _is_web(address: str) -> bool:
    """Whether a browser can go there, and nobody's password stands in it."""
    return address.startswith(("http://", "https://")) and "@" not in address.split("/")[2]
