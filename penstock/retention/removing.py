"""How a data set goes: its file, and the rows and reports of its run; its record and its lineage stay."""

import shutil
from dataclasses import replace
from pathlib import Path

from mlflow.exceptions import MlflowException

from penstock.desk import Desk
from penstock.records.dataset import Dataset
from penstock.retention.dependents import dependents
from penstock.services.datasets import settled
from penstock.services.kept_rows import drop_rows
from projects.ingest.publish import LINEAGE
from projects.run_rows import DATA

KEPT_PROFILE = ("column_names", "dtypes")
"""What a removed data set's record still tells of its columns; no figures."""


class InUse(Exception):  # noqa: N818 - an event: it is not removed
    """A job reads the data set.

    Attributes:
        job_ids: Which.
    """

    def __init__(self, job_ids: tuple[str, ...]) -> None:
        super().__init__("a job reads it")
        self.job_ids = job_ids


def remove(desk: Desk, dataset: Dataset) -> Dataset:
    """Remove a data set's file and rows; whoever calls has asked what depends on it.

    It is marked first, so that no new work takes it up; where something cannot be removed the mark is taken
    back, and it can be removed again.

    Raises:
        InUse: A job reads it; nothing was removed.
        MlflowException: MLflow does not answer.
        OSError: The disk refuses.
    """
    dataset = settled(desk, dataset)
    profile = {name: dataset.profile[name] for name in KEPT_PROFILE if name in dataset.profile}
    mark = {"removed_s": desk.now_s(), "profile": profile}
    removed = desk.datasets.change(dataset.dataset_id, mark)
    if removed is None:  # another has just removed it
        return dataset
    try:
        if reading := dependents(desk, [dataset]).reading:
            raise InUse(tuple(job.job_id for job in reading))
        if run_id := _run(desk, dataset):
            drop_artifacts(desk, run_id)
        if dataset.file:
            _drop_file(desk.settings.projects_dir, dataset)
        _drop_figures(desk, dataset)
    except BaseException:
        taken_back = {"removed_s": 0.0, "profile": dataset.profile}
        desk.datasets.change(dataset.dataset_id, taken_back, removed_s=removed.removed_s)
        raise
    return removed


def _run(desk: Desk, dataset: Dataset) -> str:
    """The run of its rows; a job that failed, or ended just now, may have left some that no record names."""
    job = desk.jobs.get(dataset.job_id) if dataset.job_id and not dataset.run_id else None
    return job.run_id if job else dataset.run_id


def _drop_figures(desk: Desk, dataset: Dataset) -> None:
    """Leave of what its job told of the rows no more than the record does: single values and columns."""
    job = desk.jobs.get(dataset.job_id) if dataset.job_id else None
    if job is None:
        return
    plain = {
        name: value
        for name, value in job.results.items()
        if name in KEPT_PROFILE or isinstance(value, str | int | float)
    }
    desk.jobs.put(replace(job, results=plain))


def drop_artifacts(desk: Desk, run_id: str) -> None:
    """Remove what a run has left of rows and reports, all but where the rows came from.

    Raises:
        MlflowException: MLflow does not answer.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    uri = desk.settings.tracking_uri
    try:
        place = desk.client.get_run(run_id).info.artifact_uri
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return
        raise
    store = get_artifact_repository(place, tracking_uri=uri, registry_uri=uri)
    drop_rows(desk, run_id)
    for entry in store.list_artifacts():
        if entry.path != DATA:
            store.delete_artifacts(entry.path)
            continue
        for file in store.list_artifacts(DATA):
            if file.path != f"{DATA}/{LINEAGE}":
                store.delete_artifacts(file.path)


def _drop_file(home: Path, dataset: Dataset) -> None:
    path = home / dataset.file
    # A record names a file below the projects' folder; anything else is not ours to remove.
    if not path.resolve().is_relative_to(home.resolve()):
        raise OSError(f"'{dataset.file}' is not below the projects' folder")
    path.unlink(missing_ok=True)
    if path.parent.name == dataset.dataset_id:
        shutil.rmtree(path.parent, ignore_errors=True)
