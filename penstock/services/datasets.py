"""Data sets: a file that came becomes rows by a job; rows that are there are listed, told and found again."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, Conflict, NotFound, Problem
from penstock.records.cursor import Cursor
from penstock.records.dataset import Dataset
from penstock.records.project import Project
from penstock.services import jobs, projects
from penstock.services.file_names import LONGEST_SHOWN, safe_name, shown_name
from penstock.services.incoming import Incoming
from penstock.services.outcomes import profile, why
from penstock.services.told import as_problems
from projects.hints import did_you_mean
from projects.requirement.project_folder import project_folder

PARTS = ("train", "validation", "test")
"""The files of a data set that was split."""
STARTED_S = 600.0
"""So long after its record a data set's job is there, unless the process was cut off between the two."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of a file that they send.

    Attributes:
        file_name: What it is called at home.
        name: What the data set shall be called; empty: as the file.
        target_column: What is to be predicted; empty where nobody says.
        project: `name` or `owner/name`; empty: the person's own `default`.
    """

    file_name: str
    name: str = ""
    target_column: str = ""
    project: str = ""


def received(desk: Desk, person: Person, file: Incoming, told: Told) -> tuple[Dataset, Job]:
    """Take a file that has come whole, and start the job that reads it.

    Two data sets may have one name: their ids tell them apart.

    Raises:
        BadRequest: The file is empty, or a name cannot be one.
        NotFound: There is no such project, or the person may not know of it.
        NotAllowed: They may not change it.
        TooMany: The person has as many jobs as they may.
        NoRoom: The disk is full.
    """
    with as_problems():
        project = projects.resolve(desk, person, told.project, Level.EDIT)
        dataset_id = str(uuid.uuid4())
        path = folder(desk, project, dataset_id) / safe_name(told.file_name)
        wanted = Dataset(
            dataset_id, project.path, person.name, _name(told.name) or shown_name(told.file_name),
            file=str(path.relative_to(desk.settings.projects_dir)), sha256=file.sha256,
            size_bytes=file.size_bytes, target_column=told.target_column.strip(), created_s=desk.now_s(),
        )  # fmt: skip
        file.keep(path)
        try:
            return _ingesting(desk, person, wanted, path)
        except BaseException:
            _discard(path)
            raise


def get(desk: Desk, person: Person, dataset_id: str, level: Level = Level.READ) -> Dataset:
    """A data set, as it is now.

    Raises:
        NotFound: There is none, it was removed, or the person may not know of it.
        NotAllowed: They may see it, but not more.
    """
    with as_problems():
        unknown = _unknown(dataset_id)
        found = desk.datasets.get(dataset_id)
        if found is None or found.removed_s:
            raise unknown
        try:
            need_project(desk, person, found.project, level)
        except NotFound:
            raise unknown from None
        now = settled(desk, found)
        if now.removed_s:
            raise unknown
        return now


def ready(desk: Desk, person: Person, dataset_id: str, level: Level = Level.READ) -> Dataset:
    """A data set whose rows other steps can read.

    Raises:
        NotFound: There is none, it was removed, or the person may not know of it.
        Conflict: Its rows are not there yet, or never came.
    """
    found = get(desk, person, dataset_id, level)
    if found.is_ready:
        return found
    if told := failure(found):
        raise Conflict(f"data set '{dataset_id}' could not be made: {told}", code="failed_dataset")
    raise Conflict(
        f"data set '{dataset_id}' is still being read; ask `GET /api/ml/datasets/{dataset_id}` until it is"
        " ready",
        code="not_ready", details={"job_id": found.job_id}, retry_s=2,
    )  # fmt: skip


def listed(
    desk: Desk, person: Person, *, project: str = "", before: Cursor | None = None, most: int = 50
) -> Sequence[Dataset]:
    """The data sets that the person may see, newest first.

    Raises:
        NotFound: There is no such project, or the person may not know of it.
    """
    with as_problems():
        mine: list[str] | None
        if project:
            mine = [projects.resolve(desk, person, project, Level.READ).path]
        else:
            mine = projects.visible(desk, person)
        found = [settled(desk, each) for each in desk.datasets.listed(mine, before=before, most=most)]
        return [each for each in found if not each.removed_s]


def rename(
    desk: Desk, person: Person, dataset_id: str, *, name: str | None = None, target_column: str | None = None
) -> Dataset:
    """Call a data set otherwise, or say what is to be predicted.

    Raises:
        BadRequest: The name cannot be one, or there is no such column.
        NotFound: There is none, or the person may not know of it.
        NotAllowed: They may see it, but not change it.
    """
    with as_problems():
        found = get(desk, person, dataset_id, Level.EDIT)
        if target_column:
            target_of(found, target_column)
        changes = {"name": _name(name) if name else None, "target_column": target_column}
        given = {key: value for key, value in changes.items() if value is not None}
        if not given:
            raise BadRequest("nothing is to be changed; give name or target_column")
        event = Event("dataset.change", f"dataset {dataset_id}", found.project, details=given)
        desk.trail.record(person, event)
        changed = desk.datasets.change(dataset_id, given)
        if changed is None:
            raise _unknown(dataset_id)
        return changed


def target_of(dataset: Dataset, named: str) -> str:
    """The column that is to be predicted: the one that is named, else the data set's own.

    Raises:
        BadRequest: There is none, or no column of that name.
    """
    target = named or dataset.target_column
    columns = [str(name) for name in dataset.profile.get("column_names", ())]
    if not target:
        raise BadRequest(f"name the column to predict as target_column; {did_you_mean('', columns)}")
    if columns and target not in columns:
        raise BadRequest(
            f"data set '{dataset.name}' has no column '{target:.80}'; {did_you_mean(target, columns)}",
            code="unknown_column",
        )
    return target


def settled(desk: Desk, dataset: Dataset) -> Dataset:
    """A data set with what its job has made of it, where that is over and was not noted yet."""
    if dataset.run_id or dataset.removed_s or failure(dataset) or not dataset.job_id:
        return dataset
    job = desk.jobs.get(dataset.job_id)
    if job is None and desk.now_s() - dataset.created_s > STARTED_S:
        now = replace(dataset, profile={"why": "its job was never started; remove it, and make it again"})
    elif job is None or not job.is_over:
        return dataset
    else:
        now = _ended(dataset, job)
    made = {"run_id": now.run_id, "rows": now.rows, "sha256": now.sha256, "profile": now.profile}
    # One that was removed meanwhile stays removed.
    return desk.datasets.change(dataset.dataset_id, made) or desk.datasets.get(dataset.dataset_id) or dataset


def failure(dataset: Dataset) -> str:
    """Why a data set has no rows; empty where it has, or may still get them."""
    return str(dataset.profile.get("why", ""))


def state(dataset: Dataset) -> str:
    """`ready`, `failed`, or `pending` while its job is not over."""
    return "ready" if dataset.is_ready else "failed" if failure(dataset) else "pending"


def place(dataset: Dataset, part: str = "") -> str:
    """Where steps read a data set's rows: `runs:/RUN_ID`; of one that was split, a part's file."""
    if dataset.origin != "split":
        return f"runs:/{dataset.run_id}"
    return f"runs:/{dataset.run_id}/data/{part or PARTS[0]}.parquet"


def folder(desk: Desk, project: Project, dataset_id: str) -> Path:
    """The folder of a data set's file."""
    root = project_folder(desk.settings.projects_dir, project.owner, project.name).root
    return root / "data" / dataset_id


def forget(desk: Desk, person: Person, dataset: Dataset) -> None:
    """Leave nothing of a file that could not be read; its record stays, as removed."""
    _discard(desk.settings.projects_dir / dataset.file)
    desk.datasets.change(dataset.dataset_id, {"removed_s": desk.now_s()})
    event = Event("dataset.refuse", f"dataset {dataset.dataset_id}", dataset.project, outcome="failed",
                  details={"why": failure(dataset)[:500]})  # fmt: skip
    desk.trail.record(person, event)


def _ingesting(desk: Desk, person: Person, dataset: Dataset, path: Path) -> tuple[Dataset, Job]:
    parameters = {"data": str(path.absolute()), "set": "cleaning.duplicates=keep"}
    if dataset.target_column:
        parameters["target"] = dataset.target_column
    wanted = Wanted(
        "ingest", person.name, dataset.project, parameters, "ingest.json",
        asked={"dataset_id": dataset.dataset_id, "name": dataset.name, "file": path.name},
        experiment=dataset.project, is_urgent=True,
    )  # fmt: skip
    details = {"name": dataset.name, "sha256": dataset.sha256, "size_bytes": dataset.size_bytes}
    event = Event("dataset.upload", f"dataset {dataset.dataset_id}", dataset.project, details=details)
    desk.trail.record(person, event)
    return begun(desk, person, dataset, wanted)


def begun(desk: Desk, person: Person, dataset: Dataset, wanted: Wanted) -> tuple[Dataset, Job]:
    """Keep a new data set, then start its job: no file or run is without a record that can be removed.

    Raises:
        NotAllowed: The person may not start it.
        TooMany: The person has as many jobs as they may.
    """
    kept = desk.datasets.add(replace(dataset, job_id=str(uuid.uuid4())))
    try:
        return kept, jobs.submit(desk, person, wanted, job_id=kept.job_id)
    except Problem:
        desk.datasets.drop(kept.dataset_id)
        raise


def _unknown(dataset_id: str) -> NotFound:
    return NotFound(f"there is no data set '{dataset_id:.80}'; `GET /api/ml/datasets` lists yours")


def _ended(dataset: Dataset, job: Job) -> Dataset:
    if job.state != "completed":
        return replace(dataset, profile={"why": why(job), "code": job.code})
    told = job.results
    rows = told.get("cleaned_rows", told.get("rows", 0))
    if dataset.origin == "split":
        counts = {part: int(told[f"{part}_samples"]) for part in PARTS}
        parent = {"column_names": dataset.profile.get("column_names", [])}
        return replace(
            dataset, run_id=job.run_id, rows=sum(counts.values()), profile={**parent, "parts": counts}
        )
    sha256 = dataset.sha256 or str(told.get("sha256", ""))
    return replace(dataset, run_id=job.run_id, rows=int(rows), sha256=sha256, profile=profile(job))


def _name(given: str) -> str:
    name = given.strip()
    if len(name) > LONGEST_SHOWN or not name.isprintable():
        raise BadRequest(
            f"name must be at most {LONGEST_SHOWN} printable characters, not {name!r:.80}; give another"
        )
    return name


def _discard(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()
