"""Removing a data set: what depends on it is told first."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.console.words import plural
from penstock.people.person import Level
from penstock.problems import Problem
from penstock.services import datasets, removal

router = APIRouter(route_class=PageRoute)
MOST_TOLD = 20
FORCE = Field(
    "force", "Although something depends on it", "check", hint="Takes a right to manage the project."
)


@router.get("/datasets/{dataset_id}/remove")
def confirm(visit: VisitOf, dataset_id: str) -> Response:
    """What depends on it."""
    return _form(visit, dataset_id)


@router.post("/datasets/{dataset_id}/remove")
def remove(visit: SentOf, dataset_id: str, typed: TypedOf) -> Response:
    """Remove it."""
    project = datasets.get(visit.desk, visit.person, dataset_id).project
    try:
        removal.remove_dataset(visit.desk, visit.person, dataset_id, force=bool(typed.one("force")))
    except Problem as problem:
        return _form(visit, dataset_id, typed, problem)
    return visit.go(at("projects", *project.split("/", 1)), "removed")


def _form(
    visit: Visit, dataset_id: str, typed: Typed | None = None, problem: Problem | None = None
) -> Response:
    dataset = datasets.get(visit.desk, visit.person, dataset_id, Level.EDIT)
    depended = removal.dataset_dependents(visit.desk, visit.person, dataset_id)
    notes = _notes(depended)
    return visit.form(
        f"Remove {dataset.name}",
        (FORCE,) if notes else (),
        send="Remove for good",
        crumbs=[*crumbs_of(dataset.project), (dataset.name, at("datasets", dataset_id))],
        typed=typed,
        problem=problem,
        intro="Its file and its rows go for good. That it was here stays known, for where models come from.",
        notes=notes,
        back=at("datasets", dataset_id),
        is_grave=True,
    )


def _notes(depended: Mapping[str, Any]) -> list[str]:
    said = [f"The data set {each['name']} was made from it" for each in _some(depended, "datasets")]
    said += [
        f"Version {each['version']} of {each['model']} ({each['stage']}) learned from it, and has answered "
        f"{plural(int(each['predictions']), 'prediction')}"
        for each in _some(depended, "versions")
    ]
    hidden = int(depended.get("hidden", 0))
    return said + ([f"and {plural(hidden, 'more thing')} that you may not see"] if hidden else [])


def _some(depended: Mapping[str, Any], what: str) -> Sequence[Mapping[str, Any]]:
    return list(depended.get(what, ()))[:MOST_TOLD]
