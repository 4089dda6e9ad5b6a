"""Trainings, searches and comparisons as jobs, and what came of them in the API's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job, State, Wanted
from penstock.people.person import Level, Person
from penstock.problems import NotFound
from penstock.services import datasets, jobs, projects
from penstock.services.outcomes import why
from penstock.services.run_files import RunFile, evaluation_file
from penstock.services.told import as_problems
from penstock.services.training_asked import Comparing, Training, Tuning

OUTCOMES = {
    "train": "training.json", "tune": "tuning.json", "compare": "comparison.json", "main": "training.json",
    "evaluate": "evaluation.json",
}  # fmt: skip
"""The artefact of an entry point's run that says what came of it."""
TRAININGS = ("train", "tune", "main")
"""The entry points whose jobs are polled as trainings."""
STATUS: Mapping[State, str] = {
    "pending": "pending", "running": "running", "completed": "completed", "failed": "failed",
    "cancelled": "failed",
}  # fmt: skip
"""There is no own word for a cancelled training: it failed, with the code `cancelled`."""
ASIDE = ("model", "status", "run_id")
"""What an outcome holds for other services, or is told beside the results."""


@dataclass(frozen=True, slots=True)
class Told:
    """A training as its owner sees it; times in ISO 8601, UTC, None for not yet.

    Attributes:
        job_id: The job's.
        kind: `train`, `tune` or `main`.
        status: `pending`, `running`, `completed` or `failed`.
        created_at: When it was asked for.
        completed_at: When it was over.
        results: What came of it; empty until it is completed.
        error: Why it failed: `code` and `message`; None where it did not.
        progress: What it does now.
        run_id: Its MLflow run.
        project: Where it is.
        algorithm: What was asked for.
    """

    job_id: str
    kind: str
    status: str
    created_at: str
    completed_at: str | None
    results: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, str] | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = ""
    project: str = ""
    algorithm: str = ""


def train(desk: Desk, person: Person, asked: Training) -> Job:
    """Start a training; nothing is registered by it.

    Raises:
        BadRequest: Something that was given cannot be used.
        NotFound: There is no such data set, or not for this person.
        Conflict: The data set is not ready.
        TooMany: The person has as many jobs as they may.
    """
    return _started(desk, person, "train", asked, {"algorithm": asked.algorithm})


def tune(desk: Desk, person: Person, asked: Tuning) -> Job:
    """Start a search for better parameters; raises as `train` does."""
    named = {"algorithm": asked.algorithm, "tuning_method": asked.tuning_method}
    return _started(desk, person, "tune", asked, named)


def compare(desk: Desk, person: Person, asked: Comparing) -> Job:
    """Start a comparison that somebody waits for; raises as `train` does."""
    return _started(desk, person, "compare", asked, {"models": list(asked.models)})


def status(desk: Desk, person: Person, job_id: str) -> Told:
    """What has become of a training or a search.

    Raises:
        NotFound: There is none, or not for this person.
    """
    job = jobs.get(desk, person, job_id)
    if job.wanted.entry not in TRAININGS:
        raise NotFound(f"there is no training '{job_id}'; that job is a {job.wanted.entry}")
    return told(job)


def file(desk: Desk, person: Person, job_id: str, name: str) -> RunFile:
    """One of the pictures and tables that a training's evaluation names.

    Raises:
        NotFound: There is none, or not for this person.
    """
    job = jobs.get(desk, person, job_id)
    with as_problems():
        return evaluation_file(desk, job.run_id, name)


def told(job: Job) -> Told:
    """A job in the words of trainings."""
    is_done = job.state == "completed"
    error = {"code": job.code or "failed", "message": why(job)} if job.is_over and not is_done else None
    return Told(
        job.job_id,
        job.wanted.entry,
        STATUS[job.state],
        as_time(job.created_s) or "",
        as_time(job.ended_s),
        _results(job) if is_done else {},
        error,
        job.progress,
        job.run_id,
        job.wanted.project,
        str(job.wanted.asked.get("algorithm", "")),
    )


def _results(job: Job) -> dict[str, Any]:
    """An outcome without what is for other services, and with the addresses of its pictures."""
    found = {key: value for key, value in job.results.items() if key not in ASIDE}
    evaluation = found.get("evaluation")
    if isinstance(evaluation, Mapping) and "plots" in evaluation:
        at = f"/api/ml/models/train/{job.job_id}/files"
        found["evaluation"] = {
            **evaluation,
            "plot_links": {name: f"{at}/{name}" for name in evaluation["plots"]},
        }
    return found


def as_time(seconds: float) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None for 0."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def _started(
    desk: Desk,
    person: Person,
    entry: str,
    asked: Training | Comparing | Tuning,
    named: Mapping[str, Any],
) -> Job:
    rows, parameters = asked.rows, asked.parameters()
    dataset = datasets.ready(desk, person, rows.dataset_id)
    target = datasets.target_of(dataset, rows.target_column)
    project = projects.resolve(desk, person, rows.project or dataset.project, Level.EDIT)
    wanted = Wanted(
        entry=entry,
        owner=person.name,
        project=project.path,
        parameters={"data": datasets.place(dataset), "target": target, **parameters},
        outcome=OUTCOMES[entry],
        asked={"dataset_id": dataset.dataset_id, "target_column": target, **named},
        experiment=project.path,
        is_urgent=entry == "compare",
    )
    job = jobs.submit(desk, person, wanted)
    details = {"job_id": job.job_id, "dataset_id": dataset.dataset_id, "target_column": target, **named}
    desk.trail.record(person, Event(f"model.{entry}", f"job {job.job_id}", project.path, details=details))
    return job
