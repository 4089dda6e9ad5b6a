"""A job's MLflow run: marked as what became of the job, with all its nested runs; its outcome fetched."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PARENT = "mlflow.parentRunId"
WHY = "penstock.why"
MOST_OUTCOME_BYTES = 32 * 1024 * 1024
MOST_FOLDERS = 100
_LONGEST_TAG = 5000
_AWAY = re.compile(r"API request to https?:|failed with error code 5\d\d")
_OPEN = ("RUNNING", "SCHEDULED")


class NoOutcomeError(Exception):
    """The run ended well and left no outcome that can be read."""


def is_away(error: Exception) -> bool:
    """Whether MLflow does not answer, rather than refuse."""
    from mlflow.exceptions import RestException

    if not isinstance(error, RestException):
        return _AWAY.search(str(error)) is not None
    return str(error.error_code) in ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED")


def close(client: "MlflowClient", run_id: str, status: str, why: str, *, is_final: bool = False) -> None:
    """Mark a run, if there is one, and the runs nested in it that are open still, as ended.

    Args:
        client: MLflow's.
        run_id: The run.
        status: `FAILED` or `KILLED`.
        why: A sentence for its tag.
        is_final: Marks it even where it ended by itself.

    Raises:
        mlflow.exceptions.MlflowException: MLflow does not answer, or refuses.
    """
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return
        raise
    for nested in _open_below(client, run):
        client.set_terminated(nested, status)
    if is_final or run.info.status in _OPEN:
        client.set_tag(run_id, WHY, why[:_LONGEST_TAG])
        client.set_terminated(run_id, status)


def outcome(client: "MlflowClient", run_id: str, name: str) -> dict[str, Any]:
    """The JSON artefact that a step left of what came of it.

    Raises:
        NoOutcomeError: There is none, or none that can be read.
        mlflow.exceptions.MlflowException: MLflow does not answer.
    """
    import tempfile

    if not run_id:
        raise NoOutcomeError("it ended well and left no run that would hold its outcome; its log says more")
    there = {item.path: item.file_size or 0 for item in client.list_artifacts(run_id)}
    if name not in there:
        raise NoOutcomeError(f"it ended well and left no '{name}' with its run; its log says more")
    if there[name] > MOST_OUTCOME_BYTES:
        raise NoOutcomeError(
            f"its '{name}' takes {there[name]:,} bytes; at most {MOST_OUTCOME_BYTES:,} are read"
        )
    with tempfile.TemporaryDirectory(prefix="penstock-outcome-") as folder:
        path = client.download_artifacts(run_id, name, folder)
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - MLflow gives a text
            try:
                found = json.load(file, parse_constant=lambda _: None)
            except ValueError as error:
                raise NoOutcomeError(f"its '{name}' is no JSON ({error}); its log says more") from error
    return dict(found) if isinstance(found, dict) else {"outcome": found}


def artefact_bytes(client: "MlflowClient", run_id: str) -> int:
    """What a run's artefacts take, as far as its first `MOST_FOLDERS` folders go.

    Raises:
        mlflow.exceptions.MlflowException: MLflow does not answer.
    """
    total, waiting = 0, [""]
    for _ in range(MOST_FOLDERS):
        if not waiting:
            break
        for item in client.list_artifacts(run_id, waiting.pop() or None):
            if item.is_dir:
                waiting.append(item.path)
            total += int(item.file_size or 0)
    return total


def _open_below(client: "MlflowClient", run: "Run") -> Iterator[str]:
    """The runs nested in one, however deep, that are open."""
    waiting, seen = [run.info.run_id], {run.info.run_id}
    while waiting:
        parent = waiting.pop()
        for child in _children(client, run.info.experiment_id, parent):
            if child.info.run_id in seen:
                continue
            seen.add(child.info.run_id)
            waiting.append(child.info.run_id)
            if child.info.status in _OPEN:
                yield child.info.run_id


def _children(client: "MlflowClient", experiment_id: str, parent: str) -> Iterator["Run"]:
    query, token = f"tags.`{PARENT}` = '{parent}'", None
    while True:
        page = client.search_runs([experiment_id], query, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
