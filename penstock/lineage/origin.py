"""Where a version comes from: its run, job, data sets and files, and what put it where it is."""

import json
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from mlflow.exceptions import MlflowException

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.jobs.store import JOBS, read_row
from penstock.lineage.nodes import DatasetNode, EventNode, JobNode, Origin, RunNode, VersionNode
from penstock.lineage.runs import files_of, lineage_of_run, run_node, steps_of
from penstock.lineage.sight import Sight
from penstock.records.dataset import DATASETS, Dataset
from penstock.services.identity import model_id
from penstock.services.versions import DATASET, JOB, PROJECT, Held
from projects.run_rows import RUN
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal
from serving.lifecycle.route_journal import Change, RouteJournal
from serving.lifecycle.stages import DELETED
from serving.lifecycle.timeline import CLOCKS_DIFFER

DATA_SHA256 = "penstock.data_sha256"
MOST_PARENTS = 50
MOST_EVENTS = 500
_GONE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def origin(desk: Desk, sight: Sight, name: str, number: str, *, answered_s: float = math.inf) -> Origin:
    """Where a version comes from, as far as the person may see it.

    Args:
        desk: The desk.
        sight: Who asks.
        name: The registered model.
        number: The registry's number.
        answered_s: When it answered, in seconds since 1970: one that was made later only bears its number.

    Raises:
        MlflowException: MLflow does not answer.
        LifecycleError: The database cannot be read.
    """
    version = version_node(desk, name, number)
    if answered_s < version.created_s - CLOCKS_DIFFER.total_seconds():
        version = VersionNode(model_id(name, number), name, number, "", DELETED)
    run = run_node(desk.client, version.run_id) if version.run_id else None
    job = _job_of(desk, version, run)
    datasets = _learned_from(desk, sight, version, run, job)
    seen = [dataset for dataset in datasets if sight.sees_project(dataset.project)]
    return Origin(
        version=version,
        run=run if run and sight.sees_experiment(run.experiment_id) else None,
        job=job_node(job) if job and sight.sees_project(job.wanted.project) else None,
        datasets=tuple(dataset_node(desk, dataset) for dataset in seen),
        hidden_datasets=len(datasets) - len(seen),
        events=tuple(_events(desk.database, name, number)),
    )


def version_node(desk: Desk, name: str, number: str) -> VersionNode:
    """A version as the registry has it; where it has it no more, what is known all the same."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated, and the contract here
            found = desk.client.get_model_version(name, number)
            stage, tags = found.current_stage or "None", dict(found.tags or {})
    except MlflowException as error:
        if error.error_code not in _GONE:
            raise
        return VersionNode(model_id(name, number), name, number, "", DELETED)
    return node_of(
        Held(name, str(found.version), stage, found.creation_timestamp or 0, found.run_id or "", "", "", tags)
    )


def node_of(held: Held) -> VersionNode:
    """The same of a version as the registry holds it."""
    return VersionNode(
        model_id=held.model_id,
        model=held.name,
        version=held.number,
        user_version=held.called,
        stage=held.stage,
        created_s=held.created_ms / 1000,
        run_id=held.run_id,
        project=held.tags.get(PROJECT, ""),
        data_sha256=held.tags.get(DATA_SHA256, ""),
        tags=dict(held.tags),
    )


def dataset_node(desk: Desk, dataset: Dataset, *, is_whole: bool = True) -> DatasetNode:
    """A data set with its files and steps; these need its run's artefacts, and so a look into MLflow."""
    told = lineage_of_run(desk.client, dataset.run_id) if is_whole and dataset.run_id else {}
    same = {
        name: getattr(dataset, name)
        for name in DatasetNode.__dataclass_fields__
        if name not in ("files", "steps")
    }
    return DatasetNode(**same, files=files_of(told), steps=steps_of(told))


def job_node(job: Job) -> JobNode:
    """A job, with what a person asked for."""
    wanted = job.wanted
    return JobNode(
        job.job_id, wanted.entry, wanted.owner, wanted.project, job.state, job.created_s, job.ended_s,
        job.run_id, wanted.asked,
    )  # fmt: skip


def with_parents(desk: Desk, dataset: Dataset) -> Iterator[Dataset]:
    """A data set, and what it was made of, nearest first."""
    seen: set[str] = set()
    found: Dataset | None = dataset
    while found is not None and found.dataset_id not in seen and len(seen) < MOST_PARENTS:
        yield found
        seen.add(found.dataset_id)
        found = desk.datasets.get(found.parent_id) if found.parent_id else None


def _job_of(desk: Desk, version: VersionNode, run: RunNode | None) -> Job | None:
    named = version.tags.get(JOB, "")
    if named and (job := desk.jobs.get(named)) is not None:
        return job
    runs = [each for each in (version.run_id, run.parent_run_id if run else "") if each]
    if not runs:
        return None
    with desk.database.begin(is_read_only=True) as connection:
        row = connection.execute(JOBS.select().where(JOBS.c.run_id.in_(runs)).limit(1)).first()
    return None if row is None else read_row(row)


def _learned_from(
    desk: Desk, sight: Sight, version: VersionNode, run: RunNode | None, job: Job | None
) -> list[Dataset]:
    """The data sets that are named by the version, its job or its run; else those of the same digest."""
    found: dict[str, Dataset] = {}
    names = [version.tags.get(DATASET, ""), str(job.wanted.asked.get("dataset_id", "")) if job else ""]
    direct = [desk.datasets.get(name) for name in dict.fromkeys(names) if name]
    direct += _read_by(desk, run)
    if not any(direct) and version.data_sha256:
        # The same bytes may be another's, too: only what the person may see counts as found.
        alike = desk.datasets.found(DATASETS.c.sha256 == version.data_sha256, most=1000)
        alike = [each for each in alike if sight.sees_project(each.project)]
        direct += [each for each in alike if each.project == version.project] or alike
    for dataset in direct:
        for each in with_parents(desk, dataset) if dataset else ():
            found.setdefault(each.dataset_id, each)
    return list(found.values())


def _read_by(desk: Desk, run: RunNode | None) -> list[Dataset | None]:
    places = {run.parameters.get("data", ""), *(each["place"] for each in run.inputs)} if run else set()
    runs = {place.removeprefix(RUN).partition("/")[0] for place in places if place.startswith(RUN)}
    return list(desk.datasets.found(DATASETS.c.run_id.in_(runs))) if runs else []


def _events(database: Database, name: str, number: str) -> Sequence[EventNode]:
    moves = [
        EventNode(
            "move", move.time.isoformat(), move.action, move.actor, move.reason,
            {"from": move.from_stage, "to": move.to_stage, "external": move.external},
        )
        for move in Journal(database).entries(name)
        if move.version == number
    ]  # fmt: skip
    routes = [
        EventNode(
            "route", change.time.isoformat(), change.action, change.actor, change.reason,
            {"route": change.route, "before": change.before, "after": change.after},
        )
        for change in RouteJournal(database).entries()
        if _is_about(change, name, number)
    ]  # fmt: skip
    return sorted([*moves, *routes], key=lambda event: event.time)[-MOST_EVENTS:]


def _is_about(change: Change, name: str, number: str) -> bool:
    """Whether a route names the version, or a stage of its model."""
    return any(
        variant.get("model", change.model) == name and str(variant.get("version", number)) == number
        for text in (change.before, change.after)
        for variant in _variants(text)
    )


def _variants(text: str | None) -> list[dict[str, Any]]:
    try:
        route = json.loads(text or "{}")
        found = [*route.get("variants", {}).values(), *route.get("shadow", [])]
    except (ValueError, AttributeError, TypeError):
        return []
    return [each for each in found if isinstance(each, dict)]
