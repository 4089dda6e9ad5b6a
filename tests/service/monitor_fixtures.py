"""Versions with references, and predictions on the log, as training and the gateway leave them."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry
from sklearn.linear_model import LogisticRegression

from monitoring.history import Entry, History
from monitoring.metrics import MonitorMetrics
from monitoring.monitor import Monitor
from monitoring.registry import Registry, RegistryAwayError
from monitoring.result import Result
from serving.lifecycle.database import Database
from serving.prediction_log import layout, outcomes
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter
from serving.settings import Settings, load

FEATURES = ("age", "income", "plan")


def rows(count: int, seed: int, shift: float) -> pd.DataFrame:
    """Traffic that lies `shift` deviations off."""
    rng = np.random.default_rng(seed)
    plans = ["basic", "plus"] if not shift else ["basic", "gold"]
    return pd.DataFrame(
        {
            "age": rng.normal(40 + 10 * shift, 10, count),
            "income": rng.normal(1_000 + 100 * shift, 100, count),
            "plan": rng.choice(plans, count),
        }
    )


def versioned_reference() -> pd.DataFrame:
    """Held-out rows with prediction and label."""
    reference = rows(1_000, 0, 0.0)
    prediction = (reference["age"] > 40).astype("int64")
    return reference.assign(prediction=prediction, label=prediction)


def register(client: MlflowClient, name: str, folder: Path, reference: pd.DataFrame | None) -> str:
    """A version as training leaves one, with the reference beside the model."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model, name="model", serialization_format="cloudpickle", pip_requirements=["scikit-learn"]
        )
    if reference is not None:
        folder.mkdir()
        reference.to_parquet(folder / "reference.parquet")
        client.log_model_artifacts(logged.model_id, str(folder))
    return str(
        client.create_model_version(name, f"models:/{logged.model_id}", model_id=logged.model_id).version
    )


def write_log(
    folder: Path,
    model: str,
    version: str,
    frame: pd.DataFrame,
    *,
    ts_s: float | None = None,
    is_shadow: bool = False,
    variant: str = "champion",
) -> list[str]:
    """Put predictions on the log, and give their ids."""
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0, clock=time.time)
    when_s = time.time() if ts_s is None else ts_s
    ids = [new_prediction_id(lambda: when_s) for _ in range(len(frame))]
    for name, row in zip(ids, frame.to_numpy().tolist(), strict=True):
        found = [int(row[0] > 40)]
        writer.append(
            encode(
                Record(
                    name,
                    when_s,
                    model,
                    version,
                    variant,
                    is_shadow,
                    None,
                    None,
                    FEATURES,
                    [row],
                    found,
                    None,
                    900,
                )
            )
        )
    writer.close()
    return ids


def write_outcomes(folder: Path, ids: list[str], label: object, received_s: float) -> None:
    writer = SegmentWriter(layout.outcomes_dir(folder), max_bytes=1 << 20, max_age_s=60.0)
    for name in ids:
        writer.append(outcomes.encode(Outcome(name, json.dumps(label), None, received_s, received_s)))
    writer.close()


@dataclass
class Watch:
    """A monitor of one model, a clock that stands still, and what it counted."""

    monitor: Monitor
    settings: Settings
    model: str
    client: MlflowClient
    collectors: CollectorRegistry
    clock_s: list[float]

    def restarted(self, registry: Registry) -> "Watch":
        """Another monitor over the same folder and clock."""
        collectors = CollectorRegistry()
        history = History(Database(self.settings.database_url))
        metrics = MonitorMetrics(collectors)
        monitor = Monitor(self.settings, registry, metrics, history, lambda: self.clock_s[0])
        return replace(self, monitor=monitor, collectors=collectors)

    def with_settings(self, **changes: object) -> "Watch":
        """The same with other settings."""
        changed = replace(self, settings=replace(self.settings, **changes))
        return changed.restarted(self.registry())

    def registry(self) -> Registry:
        return Registry(self.client, self.settings.tracking_uri)

    def answer(
        self, version: str, shift: float, count: int = 100, seed: int = 1, *, ts_s: float | None = None
    ) -> list[str]:
        """Traffic, by default half a second ago; gives the predictions' ids."""
        self.clock_s[0] += 1.0
        when_s = self.clock_s[0] - 0.5 if ts_s is None else ts_s
        log = self.settings.prediction_log_dir
        return write_log(log, self.model, version, rows(count, seed, shift), ts_s=when_s)

    def check(self, later_s: float = 0.0) -> dict[str, Result]:
        self.clock_s[0] += later_s
        with suppress(RegistryAwayError):
            self.monitor.models()
        self.monitor.round([self.model])
        return {result.version: result for result in self.monitor.results()}

    def count(self, name: str, **labels: str) -> float:
        return self.collectors.get_sample_value(name, {"model": self.model, **labels}) or 0.0

    def reports(self) -> float:
        return self.count("penstock_reports_total")

    @property
    def history(self) -> History:
        return History(Database(self.settings.database_url))

    def entries(self, count: int = 100) -> list[Entry]:
        return self.history.last(count, model=self.model)

    def tell(self, ids: list[str], label: object, received_s: float | None = None) -> None:
        """Outcomes come, by default now."""
        write_outcomes(
            self.settings.prediction_log_dir,
            ids,
            label,
            self.clock_s[0] if received_s is None else received_s,
        )


def watch_of(model: str, uri: str, folder: Path, *, now_s: float | None = None, **changes: object) -> Watch:
    where = {"PENSTOCK_VAR_DIR": str(folder), "PENSTOCK_TRACKING_URI": uri}
    settings = replace(load(where), **changes)
    client, collectors = MlflowClient(uri), CollectorRegistry()
    clock_s = [time.time() if now_s is None else now_s]
    registry, history = Registry(client, uri), History(Database(settings.database_url))
    monitor = Monitor(settings, registry, MonitorMetrics(collectors), history, lambda: clock_s[0])
    return Watch(monitor, settings, model, client, collectors, clock_s)
