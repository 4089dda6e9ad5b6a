"""Cleaning, selecting and splitting: each a job whose outcome is answered and makes a data set."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.person import Level, Person
from penstock.records.dataset import Dataset
from penstock.services import datasets, jobs, projects
from penstock.services.told import as_problems


@dataclass(frozen=True, slots=True)
class Started:
    """Work that was begun.

    Attributes:
        job: Its job.
        dataset: The data set that will hold what it makes; None for work that makes none.
    """

    job: Job
    dataset: Dataset | None


def clean(desk: Desk, person: Person, dataset_id: str, *, missing_strategy: str, outlier_method: str,
          outlier_threshold: float) -> Started:  # fmt: skip
    """Fill gaps and pull in outliers; the target column, where it is known, stays as it is.

    Raises:
        NotFound: There is no such data set, or the person may not know of it.
        NotAllowed: They may not change its project.
        Conflict: Its rows are not there yet.
        TooMany: The person has as many jobs as they may.
    """
    with as_problems():
        parent = datasets.ready(desk, person, dataset_id)
        parameters = {
            "missing_strategy": missing_strategy,
            "outlier_method": outlier_method,
            "outlier_threshold": repr(outlier_threshold),
        }
        if parent.target_column:
            parameters["target"] = parent.target_column
        return _started(desk, person, parent, "clean", parameters, makes="clean")


def select(desk: Desk, person: Person, dataset_id: str, *, target_column: str, method: str,
           n_features: int | None, task_type: str) -> Started:  # fmt: skip
    """Say which columns matter to a target; raises as `clean`, and BadRequest for an unknown column."""
    with as_problems():
        parent = datasets.ready(desk, person, dataset_id)
        target = datasets.target_of(parent, target_column)
        parameters = {"target": target, "method": method, "task": task_type}
        if n_features is not None:
            parameters["n_features"] = str(n_features)
        return _started(desk, person, parent, "select", parameters)


def split(desk: Desk, person: Person, dataset_id: str, *, target_column: str, test_size: float,
          validation_size: float, stratify: bool | None) -> Started:  # fmt: skip
    """Part the rows in three; sizes are shares of all rows.

    Args:
        desk: The desk.
        person: Who asks.
        dataset_id: The data set.
        target_column: What is to be predicted; empty: as the data set says.
        test_size: The share to hold out.
        validation_size: The share to validate on.
        stratify: Whether each part has the classes' shares of the whole; None: where there are classes.

    Raises as `select`.
    """
    with as_problems():
        parent = datasets.ready(desk, person, dataset_id)
        strategy = "auto" if stratify is None else "stratified" if stratify else "random"
        parameters = {
            "target": datasets.target_of(parent, target_column),
            "test_size": repr(test_size),
            "validation_size": repr(validation_size),
            "strategy": strategy,
        }
        return _started(desk, person, parent, "split", parameters, makes="split")


def _started(
    desk: Desk, person: Person, parent: Dataset, entry: str, parameters: Mapping[str, str], *, makes: str = ""
) -> Started:
    project = projects.get(desk, person, parent.project, Level.EDIT)
    dataset_id = str(uuid.uuid4()) if makes else ""
    asked = {"dataset_id": parent.dataset_id, **parameters}
    wanted = Wanted(
        entry, person.name, project.path, {"data": datasets.place(parent), **parameters}, OUTCOMES[entry],
        asked=asked | ({"makes": dataset_id} if makes else {}), experiment=project.path, is_urgent=True,
    )  # fmt: skip
    event = Event(f"dataset.{entry}", f"dataset {parent.dataset_id}", project.path, details=asked)
    desk.trail.record(person, event)
    if not makes:
        return Started(jobs.submit(desk, person, wanted), None)
    made = Dataset(
        dataset_id, project.path, person.name, f"{parent.name} ({entry})"[:255], makes, parent.dataset_id,
        target_column=parameters.get("target", parent.target_column),
        profile={"column_names": parent.profile.get("column_names", [])}, created_s=desk.now_s(),
    )  # fmt: skip
    dataset, job = datasets.begun(desk, person, made, wanted)
    return Started(job, dataset)


OUTCOMES = {"clean": "clean.json", "select": "selected_features.json", "split": "split.json"}
"""The artefact of an entry point's run that says what came of it."""
