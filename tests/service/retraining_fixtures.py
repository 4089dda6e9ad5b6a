"""A watched model with labelled traffic, and small MLprojects whose entry points really run."""

import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry

from monitoring.history import Entry, History
from monitoring.lane import Lane, Span
from monitoring.metrics import MonitorMetrics
from monitoring.registry import Registry
from monitoring.retraining.journal import Decision, Journal
from monitoring.retraining.loop import Loop
from monitoring.retraining.tickets import Tickets
from serving.lifecycle.database import Database
from serving.prediction_log import outcomes as told
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter
from serving.settings import Settings, load

FEATURES = ("age", "plan")
PARAMETERS = ("name", "version", "rows", "recent_days", "ticket", "data", "output", "overwrite")
ENTRY = """  {name}:
    parameters: {{{parameters}}}
    command: "python {name}.py {given}"
"""
BETTER = """
import sys
from mlflow.tracking import MlflowClient
import os
import pandas as pd

name, version, rows, _, ticket = sys.argv[1:6]
client, run = MlflowClient(), os.environ["MLFLOW_RUN_ID"]
client.set_tag(run, "penstock.ticket", ticket)
frame = pd.read_parquet(rows)
made = client.create_model_version(name, "s3://nowhere/x", run, tags={"penstock.gate": "pass"})
client.transition_model_version_stage(name, made.version, "Staging")
told = {"verdict": "better", "version": made.version, "reason": f"{len(frame)} rows of {list(frame)}"}
for tag, value in told.items():
    client.set_tag(run, f"penstock.retrain.{tag}", value)
"""
NOT_BETTER = """
import os, sys
from mlflow.tracking import MlflowClient

client, run = MlflowClient(), os.environ["MLFLOW_RUN_ID"]
client.set_tag(run, "penstock.ticket", sys.argv[5])
client.set_tag(run, "penstock.retrain.verdict", "not_better")
client.set_tag(run, "penstock.retrain.reason", "the challenger is no better beyond chance")
"""
FAILING = """
import sys
print("penstock: the original data is gone; name it with -P data=", file=sys.stderr)
sys.exit(2)
"""
SLEEPING = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print("child", child.pid, flush=True)
time.sleep(300)
"""
SCORING = """
import pathlib, sys
data, name, output = sys.argv[6], sys.argv[1], sys.argv[7]
pathlib.Path(output).write_text(f"{name} {data}")
"""


def mlproject(folder: Path, **entries: str) -> Path:
    """A project whose entry points are these scripts, each given all parameters in their order."""
    folder.mkdir()
    parameters = ", ".join(f'{name}: {{type: string, default: ""}}' for name in PARAMETERS)
    given = " ".join(f"{{{name}}}" for name in PARAMETERS)
    text = "name: small\nentry_points:\n"
    for name, script in entries.items():
        (folder / f"{name}.py").write_text(script)
        text += ENTRY.format(name=name, parameters=parameters, given=given)
    (folder / "MLproject").write_text(text)
    return folder


@dataclass
class Clock:
    """Real time, and what a test adds to it."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@dataclass
class Watched:
    """A registered model with version 1 in Production, and the loop that looks after it."""

    client: MlflowClient
    name: str
    settings: Settings
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.database = Database(self.settings.database_url)
        self.journal, self.history = Journal(self.database), History(self.database)
        self.tickets = Tickets(self.database)
        self.client.create_registered_model(self.name)
        tags = {"penstock.target": "churned", "penstock.gate": "pass"}
        self.client.create_model_version(self.name, "s3://nowhere/x", tags=tags)
        self.move("1", "Production")
        self.metrics = CollectorRegistry()
        self.loop = self.new_loop()

    def new_loop(self) -> Loop:
        """A loop as a monitor that was started anew has it."""
        self.metrics = CollectorRegistry()
        uri = self.settings.tracking_uri
        metrics = MonitorMetrics(self.metrics)
        metrics.watch([self.name])
        return Loop(
            self.settings, Registry(self.client, uri), self.history, self.journal, metrics, now=self.clock
        )

    def move(self, version: str, stage: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self.client.transition_model_version_stage(self.name, version, stage)

    def policy(self, **sections: Any) -> None:
        self.client.set_registered_model_tag(self.name, "penstock.policy", json.dumps(sections))

    def drift(self, *verdicts: bool, version: str = "1") -> None:
        """Closed windows of the champion, of an hour each, the newest ended a minute from now."""
        end_s = self.clock() + 60
        for place, is_drifted in enumerate(reversed(verdicts)):
            span = Span(end_s - 3600 * (place + 1), end_s - 3600 * place)
            share = 0.75 if is_drifted else 0.0
            entry = Entry(Lane(self.name, version, "champion"), span, end_s, 500, drift_share=share)
            self.history.record(replace(entry, is_drifted=is_drifted, columns={"age": 3.0}))

    def label(self, count: int, *, log: Path | None = None) -> None:
        """Answered predictions whose outcome has come."""
        folder = log or self.settings.prediction_log_dir
        ids = [new_prediction_id() for _ in range(count)]
        now_s = self.clock()
        who, answer = (self.name, "1", "champion", False, None, None), ([[40.5, "plus"]], [1], None, 9)
        records = [Record(each, now_s, *who, FEATURES, *answer) for each in ids]
        _write(folder, [encode(record) for record in records])
        outcomes = [Outcome(each, "0", None, now_s, now_s) for each in ids]
        _write(folder / "outcomes", [told.encode(outcome) for outcome in outcomes])

    def tick(self) -> None:
        self.loop.tick([self.name])

    def tick_until(self, is_enough: Callable[[], bool], limit_s: float = 180.0) -> None:
        deadline = time.monotonic() + limit_s
        while not is_enough():
            assert time.monotonic() < deadline, self.story()
            self.tick()
            time.sleep(0.1)

    def until(self, decision: str) -> Decision:
        """Tick until a decision is in the journal, and give it."""
        self.tick_until(lambda: any(each.decision == decision for each in self.story()))
        return next(each for each in reversed(self.story()) if each.decision == decision)

    def story(self) -> list[Decision]:
        return self.journal.last(100, self.name)

    def decisions(self) -> list[str]:
        return [each.decision for each in self.story()]

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.get_sample_value(name, {"model": self.name, **labels})


def settings_of(tmp_path: Path, tracking_uri: str, project: Path, **more: Any) -> Settings:
    values = {"VAR_DIR": tmp_path / "var", "TRACKING_URI": tracking_uri, "RETRAIN_PROJECT": project}
    values |= {name.upper(): value for name, value in more.items()}
    return load({f"PENSTOCK_{name}": str(value) for name, value in values.items()})


def _write(folder: Path, lines: list[bytes]) -> None:
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0, clock=time.time)
    for line in lines:
        writer.append(line)
    writer.close()
