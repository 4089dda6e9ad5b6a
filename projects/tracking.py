"""The run in MLflow: the parent with what was asked and found, a nested run for each candidate and trial.

Nested runs are written in one batch each: the fluent way costs several requests a run.
"""

import math
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from projects.passwords import has_password, shown

LONGEST_PARAMETER = 500
RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d+")
"""What MLflow calls a run that nobody named."""
EXPERIMENT_KIND = ("mlflow.experimentKind", "custom_model_development")
"""Opens the experiment's page on its training runs; without it the MLflow UI shows its GenAI side."""
ERROR_TAG = "penstock.error"
LONGEST_TAG, LONGEST_NOTE, LONGEST_PLACE = 4000, 8000, 500


@dataclass(frozen=True)
class Tracker:
    """One parent run.

    Attributes:
        client: The server.
        run_id: The parent's.
        experiment_id: Its experiment.
    """

    client: MlflowClient
    run_id: str
    experiment_id: str

    def parameters(self, values: Mapping[str, object]) -> None:
        """Log parameters that the run does not have yet: `mlflow run` has logged its own."""
        known = self.client.get_run(self.run_id).data.params
        new = [
            Param(key, shown(str(value))[:LONGEST_PARAMETER])
            for key, value in values.items()
            if key not in known
        ]
        self.client.log_batch(self.run_id, params=new)

    def told_too_much(self) -> Iterator[str]:
        """What a person should know of passwords that `mlflow run` has logged by itself, a sentence each."""
        for key, value in self.client.get_run(self.run_id).data.params.items():
            if has_password(value):
                yield (
                    f"careful: `mlflow run` has written the password in '{key}' into the run's parameters; "
                    "change the password, and write ${NAME} in its place: it is read from the environment"
                )

    def metrics(self, values: Mapping[str, float]) -> None:
        """Log final metrics."""
        self.client.log_batch(self.run_id, metrics=_metrics(values))

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        self.client.log_batch(self.run_id, tags=[RunTag(key, shown(value)) for key, value in values.items()])

    def note(self, lines: Sequence[str]) -> None:
        """Show lines as the run's description in the MLflow UI, which reads Markdown."""
        self.tags({"mlflow.note.content": "  \n".join(lines).strip()[:LONGEST_NOTE]})

    def curves(self, points: Sequence[Metric]) -> None:
        """Add points to the parent run's curves."""
        self.client.log_batch(self.run_id, metrics=points)

    def nested(
        self,
        name: str,
        kind: str,
        *,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        failure: str = "",
        has_failed: bool = False,
    ) -> None:
        """Log a candidate or a trial as an ended run under the parent.

        Args:
            name: The run's.
            kind: `candidate` or `trial`.
            parameters: What was fitted.
            metrics: What was found; what is not finite is left out.
            failure: Why it has no score, or a preliminary one.
            has_failed: Whether it broke, so that the run's status says so.
        """
        tags = {"mlflow.parentRunId": self.run_id, "penstock.kind": kind}
        if failure:
            tags[ERROR_TAG] = shown(failure)[:LONGEST_TAG]
        run = self.client.create_run(self.experiment_id, run_name=name, tags=tags)
        self.client.log_batch(
            run.info.run_id,
            metrics=_metrics(metrics),
            params=[Param(key, shown(str(value))[:LONGEST_PARAMETER]) for key, value in parameters.items()],
        )
        self.client.set_terminated(run.info.run_id, "FAILED" if has_failed else "FINISHED")

    @property
    def link(self) -> str:
        """Where a person sees the run."""
        uri = mlflow.get_tracking_uri()
        if not uri.startswith("http"):
            return f"run {self.run_id} in {uri} (start `mlflow server --backend-store-uri {uri}` to see it)"
        return f"{uri.rstrip('/')}/#/experiments/{self.experiment_id}/runs/{self.run_id}"


@contextmanager
def started_run(name: str) -> Iterator[Tracker]:
    """Open the run that `mlflow run` made, or a new one; it fails when the work inside does."""
    with mlflow.start_run() as run:
        tracker = Tracker(MlflowClient(), run.info.run_id, run.info.experiment_id)
        tracker.client.set_experiment_tag(tracker.experiment_id, *EXPERIMENT_KIND)
        if RANDOM_NAME.fullmatch(run.info.run_name or ""):
            tracker.client.update_run(run.info.run_id, name=name)
        try:
            yield tracker
        except Exception as error:
            _note_failure(tracker, error)
            raise


def _note_failure(tracker: Tracker, error: Exception) -> None:
    # The server may be away, which may be the error itself.
    with suppress(MlflowException):
        tracker.tags({ERROR_TAG: str(error)[:LONGEST_TAG]})


def note_on_run(run_id: str, error: Exception) -> None:
    """Say on a run that `mlflow run` has made why nothing was begun."""
    with suppress(MlflowException):
        MlflowClient().set_tag(run_id, ERROR_TAG, shown(str(error))[:LONGEST_TAG])


def log_table(frame: Any, place: str, name: str, target: str, sha256: str) -> None:
    """Log the data set of the run, by its digest."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.pandas_dataset import from_pandas

    # MLflow knows files and addresses; a run, a database or a glob is told by the tag alone.
    is_known = place.startswith(("s3://", "http://", "https://")) or Path(place).exists()
    source = place if is_known else CodeDatasetSource(tags={})
    with warnings.catch_warnings():
        # A hint about whole numbers in a signature; the version's own signature holds none.
        warnings.simplefilter("ignore", UserWarning)
        dataset = from_pandas(frame, source=source, targets=target, name=name, digest=sha256[:36])
        mlflow.log_input(dataset, context="training", tags={"penstock.place": place[:LONGEST_PLACE]})


def _metrics(values: Mapping[str, float]) -> list[Metric]:
    now_ms = int(time.time() * 1000)
    return [Metric(key, float(value), now_ms, 0) for key, value in values.items() if math.isfinite(value)]
