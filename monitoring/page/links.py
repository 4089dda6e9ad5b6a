"""Where else one can look: addresses of MLflow, the Evidently UI, Grafana and the monitor's own pages."""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlencode

from monitoring.lane import Lane
from monitoring.reports.workspace import project_id
from monitoring.result import Report, Result


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Addresses as browsers reach them; empty for none.

    Attributes:
        mlflow: MLflow's.
        evidently: The Evidently UI's.
        grafana: Grafana's.
    """

    mlflow: str = ""
    evidently: str = ""
    grafana: str = ""

    def home(self) -> str:
        """Links to all of them."""
        return _links(
            {"MLflow": _web(self.mlflow), "Evidently": _web(self.evidently), "Grafana": self._graph("")}
        )

    def of_model(self, model: str) -> str:
        """Links to what they know of a model."""
        registered = f"{_web(self.mlflow)}/#/models/{quote(model, safe='')}" if _web(self.mlflow) else ""
        project = f"{_web(self.evidently)}/projects/{project_id(model)}" if _web(self.evidently) else ""
        return _links({"MLflow": registered, "Evidently": project, "Grafana": self._graph(model)})

    def of_lane(self, result: Result | None, lane: Lane) -> str:
        """Links to a lane's version, its reports and their run."""
        links = {}
        if _web(self.mlflow):
            place = f"/#/models/{quote(lane.model, safe='')}/versions/{quote(lane.version, safe='')}"
            links["version in MLflow"] = _web(self.mlflow) + place
        return _links(links | (_of_report(result.report, lane) if result and result.report else {}))

    def _graph(self, model: str) -> str:
        if not _web(self.grafana):
            return ""
        return (
            f"{_web(self.grafana)}/d/penstock-model?{urlencode({'var-model': model})}"
            if model
            else _web(self.grafana)
        )


def model_page(model: str) -> str:
    """The address of a model's page here, as it stands in HTML."""
    return escape(f"/models/{quote(model, safe='')}")


def _of_report(report: Report, lane: Lane) -> dict[str, str]:
    links = {}
    if report.path:
        links["drift report"] = f"/report?{urlencode(lane._asdict())}"
    if report.quality:
        links["quality report"] = f"/report?{urlencode({**lane._asdict(), 'kind': 'quality'})}"
    if report.run:
        links["run"] = _web(report.run)
    return links


def _links(addresses: dict[str, str]) -> str:
    return "".join(f'<a href="{escape(url)}">{escape(text)}</a>' for text, url in addresses.items() if url)


def _web(address: str) -> str:
    """The address, if a browser takes it as one."""
    return address.rstrip("/") if address.startswith(("http://", "https://")) else ""
