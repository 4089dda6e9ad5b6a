"""A user's work on the stack that runs: a table of weather, a model of whether it rains, its callers."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from penstock.client.platform import PlatformClient
from penstock.client.predictions import PredictionClient
from tests.service.gateway_fixtures import JSON, Gateway, Load
from tests.stack.alerting import Webhook
from tests.stack.production import Stack

NAME, TARGET = "rain", "rain"
ANN, PASSWORD = "ann", "ann's own password"
EARLY, LATE, END = 1000, 12_000, 13_200
BATCH_ROWS = 100
PATIENCE_S = 900.0
POLICY = {
    "monitoring": {
        "retrain": ["drift"],
        "drift_share": 0.2,
        "retraining": {"drift_windows": "1 of 2", "new_rows": 1_000},
    }
}


@dataclass
class Scene:
    """The stack, and who works with it."""

    stack: Stack
    webhook: Webhook
    weather: pd.DataFrame
    client: PlatformClient | None = None

    @property
    def ann(self) -> PlatformClient:
        if self.client is None:
            url = self.stack.house.url("api")
            self.client = PlatformClient(url, username=ANN, password=PASSWORD, timeout_s=PATIENCE_S)
        return self.client

    @property
    def predictions(self) -> PredictionClient:
        url = self.stack.house.url("gateway")
        return PredictionClient(url, username=ANN, password=PASSWORD, deadline_s=120, tries=20)

    @property
    def gateway(self) -> Gateway:
        part = self.stack.parts["gateway"]
        port = self.stack.house.ports["gateway"][0]
        return Gateway(port, Path(part.service.environ["PENSTOCK_VAR_DIR"]), part.process, part.service.log)

    def rows(self, first: int, last: int) -> pd.DataFrame:
        return self.weather.iloc[first:last].drop(columns=[TARGET])

    def load(self, **how: Any) -> Load:
        """Callers of the gateway, who are signed in."""
        rows = self.records(EARLY, EARLY + 50)
        bodies = [json.dumps({"dataframe_records": [row]}).encode() for row in rows]
        return Load(self.gateway, NAME, bodies=bodies, headers=JSON | signed_in(ANN, PASSWORD), **how)

    def records(self, first: int, last: int) -> list[dict[str, Any]]:
        return [
            dict(zip(self.columns, row, strict=True)) for row in self.rows(first, last).to_numpy().tolist()
        ]

    @property
    def columns(self) -> list[str]:
        return [str(name) for name in self.weather.columns if name != TARGET]

    def admin(self) -> tuple[str, str]:
        pair = (self.stack.house.root / "secrets" / "mlflow_admin").read_text(encoding="utf-8")
        name, _, password = pair.strip().partition(":")
        return name, password

    def ask(self, service: str, path: str, who: tuple[str, str] | None, body: Any = None) -> tuple[int, Any]:
        """One request of JSON; the status and the answer."""
        headers = JSON | (signed_in(*who) if who else {})
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.stack.house.url(service)}{path}", sent, headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def deploy(self, job_id: str, version: str) -> str:
        """Register a training's model; gives the version's id."""
        return str(self.ann.deploy(job_id, NAME, version=version)["model_id"])

    def live(self, first: int, last: int) -> Iterator[str]:
        """Ask about days and tell at once whether it rained; gives the predictions' ids."""
        predictions = self.predictions
        for start in range(first, last, BATCH_ROWS):
            answered = predictions.predict(NAME, self.rows(start, start + BATCH_ROWS))
            labels = self.weather[TARGET].iloc[start : start + BATCH_ROWS]
            told = zip(answered.prediction_ids, labels, strict=True)
            predictions.feedback_many([{"prediction_id": name, "label": int(label)} for name, label in told])
            yield from answered.prediction_ids

    def decisions(self) -> list[dict[str, Any]]:
        """What the monitor decided, the newest first."""
        return list(self.ann.get(f"/api/ml/models/{NAME}/decisions")["decisions"])


def signed_in(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}
