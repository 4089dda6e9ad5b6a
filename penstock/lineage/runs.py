"""A run as MLflow tells it, and what a step wrote down about the rows that it made."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from penstock.lineage.nodes import RunNode
from projects.ingest.publish import LINEAGE
from projects.run_rows import DATA

if TYPE_CHECKING:
    from mlflow import MlflowClient

LONGEST_LINEAGE = 4 * 1024 * 1024
"""A folder of very many files has a longer one; then its files are not told one by one."""
_GONE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def run_node(client: "MlflowClient", run_id: str) -> RunNode | None:
    """A run; None where MLflow has none of that id.

    Raises:
        MlflowException: MLflow does not answer.
    """
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code in _GONE:
            return None
        raise
    tags, info = run.data.tags, run.info
    return RunNode(
        run_id=info.run_id,
        name=info.run_name or "",
        experiment_id=info.experiment_id,
        status=info.status,
        user=tags.get("mlflow.user", "") or info.user_id or "",
        started_s=(info.start_time or 0) / 1000,
        ended_s=(info.end_time or 0) / 1000,
        entry_point=tags.get("mlflow.project.entryPoint", ""),
        git_commit=tags.get("mlflow.source.git.commit", ""),
        source=tags.get("mlflow.source.name", ""),
        parameters=dict(run.data.params),
        data_sha256=tags.get("penstock.data_sha256", ""),
        inputs=_inputs(run),
        parent_run_id=tags.get("mlflow.parentRunId", ""),
    )


def lineage_of_run(client: "MlflowClient", run_id: str) -> Mapping[str, Any]:
    """What a step wrote down about its rows; empty where it wrote nothing, or that is not there any more."""
    place = f"{DATA}/{LINEAGE}"
    try:
        sizes = {file.path: file.file_size or 0 for file in client.list_artifacts(run_id, DATA)}
        if not 0 < sizes.get(place, 0) <= LONGEST_LINEAGE:
            return {}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(client.download_artifacts(run_id, place, folder))
            told = json.loads(path.read_text(encoding="utf-8"))
    except (MlflowException, OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def files_of(lineage: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The files that were read, each by its name, not by where it lay."""
    return tuple(
        {**entry, "shown": Path(str(entry.get("shown", ""))).name} for entry in _dicts(lineage.get("files"))
    )


def steps_of(lineage: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What was done with the rows, step by step."""
    return tuple(_dicts(lineage.get("steps")))


def _inputs(run: Any) -> tuple[Mapping[str, str], ...]:
    found = run.inputs.dataset_inputs if run.inputs else ()
    return tuple(
        {
            "name": each.dataset.name or "",
            "digest": each.dataset.digest or "",
            "source_type": each.dataset.source_type or "",
            "place": next((tag.value for tag in each.tags if tag.key == "penstock.place"), ""),
        }
        for each in found
    )


def _dicts(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
