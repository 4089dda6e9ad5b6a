"""What the monitor asks of MLflow, and the few ways in which asking fails."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests
from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from monitoring.policy import TAG

REFERENCE = "reference.parquet"
IMPORTANCE = "importance.json"
EXPERIMENTS = "monitoring"
UNREACHABLE = (MlflowException, requests.RequestException, OSError)
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")
MOST_METRICS = 1_000
"""What one request may log."""


class RegistryAwayError(Exception):
    """MLflow does not answer, or not as it should."""


class UnknownVersionError(Exception):
    """The registry has no such model or version."""


class UnknownModelError(Exception):
    """The caller's model does not exist; the message names near ones."""


class NoReferenceError(Exception):
    """The version came without held-out rows to compare with, or with ones that cannot be read."""


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What the registry says of a version."""

    stage: str
    source: str
    """Where its files are and when it was made, which tells it from a deleted one of the same number."""
    made_s: float | None = None
    """When it was registered, in seconds since 1970; None while MLflow does not say."""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registry:
    """MLflow's tracking server and model registry."""

    client: MlflowClient
    tracking_uri: str

    def models(self) -> dict[str, str | None]:
        """All registered models, each with the text of its policy.

        Raises:
            RegistryAwayError: MLflow does not answer.
        """
        found: dict[str, str | None] = {}
        token = None
        while True:
            try:
                page = self.client.search_registered_models(max_results=1_000, page_token=token)
            except UNREACHABLE as error:
                raise self._away(error) from error
            found |= {model.name: model.tags.get(TAG) for model in page}
            token = page.token
            if not token:
                return dict(sorted(found.items()))

    def facts(self, model: str, version: str) -> VersionFacts:
        """Look a version up.

        Raises:
            RegistryAwayError: MLflow does not answer.
            UnknownVersionError: It answers that there is no such version.
        """
        try:
            found = self.client.get_model_version(model, version)
        except MlflowException as error:
            if error.error_code in ABSENT:
                raise UnknownVersionError(
                    f"version {version} of '{model}' is in the prediction log but not in "
                    "the registry; it was not checked"
                ) from error
            raise self._away(error) from error
        except UNREACHABLE as error:
            raise self._away(error) from error
        return VersionFacts(
            str(found.current_stage),
            f"{found.source} {found.creation_timestamp}",
            found.creation_timestamp / 1000.0,
            dict(found.tags),
        )

    def fetch_reference(self, model: str, version: str, folder: Path) -> Path:
        """Download a version's held-out rows into a folder.

        Raises:
            RegistryAwayError: MLflow does not answer.
            NoReferenceError: The version has no such file.
        """
        fetched = self._fetch(model, version, REFERENCE, folder)
        if fetched is None:
            raise NoReferenceError(
                f"version {version} of '{model}' has no {REFERENCE}, so its drift cannot "
                "be measured; register it with held-out rows, as training here does"
            )
        return fetched

    def fetch_importance(self, model: str, version: str, folder: Path) -> Path | None:
        """Download how much each column matters to a version; None where it came without.

        Raises:
            RegistryAwayError: MLflow does not answer.
        """
        return self._fetch(model, version, IMPORTANCE, folder)

    def _fetch(self, model: str, version: str, name: str, folder: Path) -> Path | None:
        uri = f"models:/{model}/{version}"
        try:
            if name not in {file.path for file in list_artifacts(uri, tracking_uri=self.tracking_uri)}:
                return None
            found = download_artifacts(f"{uri}/{name}", dst_path=str(folder), tracking_uri=self.tracking_uri)
        except UNREACHABLE as error:
            raise self._away(error) from error
        return Path(found)

    def log_run(
        self,
        model: str,
        title: str,
        *,
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        now_ms: int,
        files: Sequence[Path] = (),
    ) -> str:
        """Log a finished run into the model's monitoring experiment.

        Returns:
            Where the run is: a page's address, or its id where the tracking store has no pages.

        Raises:
            RegistryAwayError: MLflow does not answer.
        """
        try:
            experiment = self._experiment(f"{EXPERIMENTS}/{model}")
            run = self.client.create_run(experiment, run_name=title, start_time=now_ms)
            run_id, status = run.info.run_id, "FAILED"
            try:
                logged = [Metric(name, value, now_ms, 0) for name, value in metrics.items()][:MOST_METRICS]
                self.client.log_batch(run_id, metrics=logged, tags=[RunTag(*tag) for tag in tags.items()])
                for path in files:
                    self.client.log_artifact(run_id, str(path))
                status = "FINISHED"
            finally:
                self.client.set_terminated(run_id, status)
        except UNREACHABLE as error:
            raise self._away(error) from error
        if not self.tracking_uri.startswith("http"):
            return f"run {run_id}"
        return f"{self.tracking_uri.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                found = self.client.get_experiment_by_name(name)  # another monitor was faster
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _away(self, error: Exception) -> RegistryAwayError:
        return RegistryAwayError(f"MLflow at {self.tracking_uri} did not do what was asked ({_brief(error)})")


def unknown_model(model: str, names: list[str]) -> UnknownModelError:
    """The sentence for a name that is not registered."""
    near = difflib.get_close_matches(model, names, n=3)
    if near:
        hint = f"did you mean {' or '.join(repr(name) for name in near)}?"
    else:
        hint = (
            f"registered are {', '.join(repr(name) for name in names[:10])}"
            if names
            else "none is registered"
        )
    return UnknownModelError(f"there is no registered model '{model}'; {hint}")


def metric_names(columns: list[str]) -> dict[str, str]:
    """A name for each column that MLflow takes: its letters, no two alike, at most 200 characters."""
    taken: dict[str, str] = {}
    used: set[str] = set()
    for column in columns:
        base = re.sub(r"[^\w\- .]|^\.+", "_", column, flags=re.ASCII)[:190].strip() or "_"
        name, count = base, 1
        while name.lower() in used:
            count += 1
            name = f"{base}_{count}"
        used.add(name.lower())
        taken[column] = f"column_drift/{name}"
    return taken


def _brief(error: Exception) -> str:
    """An error's first line, without the address and the retries that urllib3 repeats."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    cause = re.search(r"(?<=Caused by )\w+|No space left on device", str(error))
    return cause.group() if cause else text[:200]
