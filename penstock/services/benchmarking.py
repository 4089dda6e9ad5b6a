"""Deployed models on one data set, side by side: how good each is, and how long it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, NotAllowed
from penstock.services import datasets, jobs, projects
from penstock.services.model_moves import owned
from penstock.services.training import OUTCOMES
from penstock.services.versions import Held
from serving.callers.trust import own_code
from serving.settings import Settings

MOST_MODELS = 20
PLAN_TAG = "penstock.plan_sha256"
"""Of a version that a job of the platform's has made, whose answers need no code of its own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A version on the data set.

    Attributes:
        model_id: The version's id.
        name: Its registered model.
        version: The user's own version.
        status: `completed`, `failed`, or the state of the job that goes on.
        metrics: Its scores on the rows; empty where it has none.
        latency: `p99_ms` of one row, `rows_per_second` of many, `size_mb`.
        rows: How many rows were scored.
        has_learned_them: Whether it was learned from these rows, so that its scores are too good.
        error: Why it has none.
        job_id: The job that looked.
    """

    model_id: str
    name: str
    version: str
    status: str
    metrics: Mapping[str, float]
    latency: Mapping[str, float]
    rows: int
    has_learned_them: bool
    error: str
    job_id: str


def start(
    desk: Desk, person: Person, model_ids: Sequence[str], dataset_id: str, *, target_column: str = ""
) -> list[Job]:
    """Start a job for each version.

    Raises:
        BadRequest: There are too many, or none.
        NotAllowed: A version runs code of its own, and the operator has not named its model.
        NotFound: There is no such data set or version, or not for this person.
        TooMany: The person has as many jobs as they may.
    """
    wanted = list(dict.fromkeys(model_ids))
    if not 1 <= len(wanted) <= MOST_MODELS:
        raise BadRequest(f"model_ids must name 1 to {MOST_MODELS} models, not {len(wanted)}")
    dataset = datasets.ready(desk, person, dataset_id)
    found = [owned(desk, person, each, Level.READ) for each in wanted]
    for each in found:
        check_own_code(desk.settings, each)
    project = projects.resolve(desk, person, dataset.project, Level.EDIT)
    details = {"dataset_id": dataset_id, "model_ids": wanted}
    desk.trail.record(
        person, Event("model.benchmark", f"dataset {dataset_id}", project.path, details=details)
    )
    # Of rows that were split, those that nothing learned from.
    given = {"data": datasets.place(dataset, "test"), "target": target_column}
    return [
        jobs.submit(
            desk,
            person,
            Wanted(
                entry="evaluate",
                owner=person.name,
                project=project.path,
                parameters={
                    **{key: text for key, text in given.items() if text},
                    "name": each.name,
                    "version": each.number,
                },
                outcome=OUTCOMES["evaluate"],
                asked={"dataset_id": dataset_id, "model_id": each.model_id, "version": each.called},
                experiment=project.path,
                is_urgent=True,
            ),
        )
        for each in found
    ]


def check_own_code(settings: Settings, held: Held) -> None:
    """See that a version may run, as the system user of the platform's jobs, what it brings.

    Raises:
        NotAllowed: It was not made here, people sign in, and the operator has not named its model.
    """
    if PLAN_TAG not in held.tags and not settings.trusts(held.name):
        raise NotAllowed(own_code(held.name, f"version {held.number} of '{held.name}'"))


def standing(job: Job) -> Standing:
    """What a job has found of its version."""
    asked, found = job.wanted.asked, job.results
    return Standing(
        model_id=str(asked["model_id"]),
        name=job.wanted.parameters["name"],
        version=str(asked["version"]),
        status="failed" if job.state == "cancelled" else job.state,
        metrics=_numbers(found.get("evaluation")),
        latency=_numbers(found.get("latency")),
        rows=int(found.get("rows") or 0),
        has_learned_them=bool(found.get("learned_from")),
        error="" if job.state == "completed" else job.why,
        job_id=job.job_id,
    )


def _numbers(found: Any) -> dict[str, float]:
    if not isinstance(found, Mapping):
        return {}
    return {str(name): value for name, value in found.items() if isinstance(value, int | float)}
