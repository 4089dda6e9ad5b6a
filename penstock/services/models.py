"""The deployed models: listed, looked at with all that is known of them, and deleted."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.mlflow_rights import project_of
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, Conflict
from penstock.services import approvals
from penstock.services.deploying import Deploying, deploy
from penstock.services.model_moves import STATUS, lifecycle, no_model, owned
from penstock.services.model_routes import clear_route, leading_to
from penstock.services.run_files import PLOTS, TABLES, RunFile, content, evaluation_file, names
from penstock.services.told import as_problems
from penstock.services.versions import ALGORITHM, DATASET, JOB, PROJECT, Held
from serving.lifecycle.stages import PRODUCTION, STAGING

__all__ = ["Card", "Deployed", "Deploying", "delete", "delete_all", "deploy", "deployed", "of", "one"]

METRICS = "penstock.metrics"
"""A version's held-out scores as a JSON object."""
CARD = "model_card.md"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A version of a registered model in the API's words.

    Attributes:
        model_id: By which it is called.
        name: The registered model.
        version: The user's own version; the registry's number where it was made elsewhere.
        number: The registry's number.
        algorithm: What it is.
        status: `training`, `staged`, `production` or `archived`.
        created_at: When it was registered; ISO 8601, UTC.
        metrics: Its scores on held-out rows.
        task_type: `classification` or `regression`; empty where nobody said.
        target_column: What it predicts.
        project: Whose it is; empty for models made elsewhere.
        description: What a person wrote about it.
        tags: The person's own.
        training_job_id: The job that made it; empty where none did.
        dataset_id: The data set that it was learned from; empty where it is not known.
        run_id: Its MLflow run.
        gate: What its gate said.
    """

    model_id: str
    name: str
    version: str
    number: str
    algorithm: str
    status: str
    created_at: str
    metrics: Mapping[str, float]
    task_type: str
    target_column: str
    project: str
    description: str
    tags: Sequence[str]
    training_job_id: str
    dataset_id: str
    run_id: str
    gate: str


@dataclass(frozen=True, slots=True)
class Card:
    """A version with its model card and its files.

    Attributes:
        model: The version.
        card: Its card in Markdown; empty where it has none.
        plots: The names of its pictures.
        tables: The names of its tables.
        links: Where more is, by name.
    """

    model: Deployed
    card: str
    plots: Sequence[str]
    tables: Sequence[str]
    links: Mapping[str, str]


def deployed(desk: Desk, person: Person, *, name: str = "", status: str = "") -> list[Deployed]:
    """The versions that the person may see, the newest first.

    Args:
        desk: The desk.
        person: Who asks.
        name: Only of this registered model, if given.
        status: Only in this status, if given.

    Raises:
        BadRequest: There is no such status.
        Away: MLflow does not answer.
    """
    wanted = status.strip().lower()
    if wanted and wanted not in STATUS.values():
        raise BadRequest(f"status must be one of {', '.join(STATUS.values())}, not '{status:.60}'")
    with as_problems():
        found = [each for each in desk.versions.listed() if not name or each.name == name]
        if wanted:
            found = [each for each in found if STATUS.get(each.stage) == wanted]
        seen: dict[str, bool] = {}
        for each in found:
            if each.name not in seen:
                seen[each.name] = desk.rights.level(person, "registered_model", each.name) >= Level.READ
    mine = [each for each in found if seen[each.name]]
    return [of(each) for each in sorted(mine, key=lambda it: (it.created_ms, it.model_id), reverse=True)]


def of(held: Held) -> Deployed:
    """A version in the API's words."""
    tags = held.tags
    return Deployed(
        model_id=held.model_id,
        name=held.name,
        version=held.called,
        number=held.number,
        algorithm=tags.get(ALGORITHM, ""),
        status=STATUS.get(held.stage, held.stage.lower()),
        created_at=datetime.fromtimestamp(held.created_ms / 1000, UTC).isoformat(),
        metrics=_metrics(tags),
        task_type=_task(tags.get("penstock.task", "")),
        target_column=tags.get("penstock.target", ""),
        project=tags.get(PROJECT, ""),
        description=held.description,
        tags=_user_tags(tags),
        training_job_id=tags.get(JOB, ""),
        dataset_id=tags.get(DATASET, ""),
        run_id=held.run_id,
        gate=tags.get("penstock.gate", ""),
    )


def one(desk: Desk, person: Person, wanted: str) -> Card:
    """A version with its card, and the names of its pictures and tables.

    Raises:
        NotFound: There is none, or the person may not know of it.
        Away: MLflow does not answer.
    """
    found = owned(desk, person, wanted, Level.READ)
    told = of(found)
    with as_problems():
        there = names(desk, found.run_id, ("", PLOTS, TABLES))
        card = content(desk, found.run_id, CARD).decode(errors="replace") if CARD in there[""] else ""
    links = {
        "run": f"/api/ml/runs/{found.run_id}" if found.run_id else "",
        "history": f"/api/ml/models/{found.name}/history",
        "training_job": f"/api/ml/models/train/{told.training_job_id}" if told.training_job_id else "",
        "dataset": f"/api/ml/datasets/{told.dataset_id}" if told.dataset_id else "",
        "lineage": f"/api/ml/lineage/models/{wanted}",
    }
    return Card(told, card, there[PLOTS], there[TABLES], {key: link for key, link in links.items() if link})


def file(desk: Desk, person: Person, wanted: str, name: str) -> RunFile:
    """One of a version's pictures or tables.

    Raises:
        NotFound: There is none, or the person may not know of it.
    """
    found = owned(desk, person, wanted, Level.READ)
    with as_problems():
        return evaluation_file(desk, found.run_id, name)


def delete(desk: Desk, person: Person, wanted: str, *, force: bool = False) -> str:
    """Delete a version, and tell what was done.

    Args:
        desk: The desk.
        person: Who asks.
        wanted: The version's id.
        force: Although it is staged or in production, and routes lead to it.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person does not manage it.
        Conflict: Something depends on it; `details` says what.
    """
    found = owned(desk, person, wanted, Level.MANAGE)
    what = f"version {found.called} of '{found.name}'"
    _refuse_used(desk, person, what, [found], force=force)
    event = Event("model.delete", f"model {found.name} version {found.number}", found.tags.get(PROJECT, ""))
    with as_problems(), desk.trail.doing(person, event):
        clear_route(desk, person, found.name, found.number)
        desk.client.delete_model_version(found.name, found.number)
        approvals.drop(desk, found.name, [found.number])
        # The number may be given again: the journal is to tell the two apart.
        lifecycle(desk, person).observe(found.name)
    desk.versions.forget()
    return f"{what} is deleted; its run and its predictions stay"


def delete_all(desk: Desk, person: Person, name: str, *, force: bool = False) -> str:
    """Delete a registered model with all its versions, if it has any; raises as `delete` does.

    A training that failed has left its model's name without one.
    """
    with as_problems():
        need_model(desk, person, name, Level.MANAGE)
        found = desk.versions.of(name)
        project = found[0].tags.get(PROJECT, "") if found else _project_of_none(desk, name)
    _refuse_used(desk, person, f"model '{name}'", found, force=force)
    details = {"versions": [each.number for each in found]}
    event = Event("model.delete", f"model {name}", project, details=details)
    with as_problems(), desk.trail.doing(person, event):
        desk.client.delete_registered_model(name)
        approvals.drop(desk, name, [each.number for each in found])
        lifecycle(desk, person).observe(name)
    desk.versions.forget()
    return f"model '{name}' is deleted with {len(found)} of its versions; their runs and predictions stay"


def depending(desk: Desk, person: Person, held: Sequence[Held]) -> list[str]:
    """What depends on versions, a sentence each: their stages, and routes that lead to them."""
    named = [
        f"version {each.called} is in {STATUS[each.stage]}"
        for each in held
        if each.stage in (PRODUCTION, STAGING)
    ]
    routes = leading_to(desk, person, held[0].name, [each.number for each in held]) if held else []
    return named + [f"route '{each}' leads to it" for each in routes]


def _refuse_used(desk: Desk, person: Person, what: str, held: Sequence[Held], *, force: bool) -> None:
    uses = depending(desk, person, held)
    if uses and not force:
        raise Conflict(
            f"{what} is in use: {', '.join(uses)}; take it out of use first, or delete it with force=true",
            code="in_use",
            details={"dependents": uses},
        )


def _project_of_none(desk: Desk, name: str) -> str:
    """The project of a registered model that has no version.

    Raises:
        NotFound: There is no such model.
    """
    from mlflow.exceptions import MlflowException

    try:
        return project_of(desk.client, desk.projects, "registered_model", name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise no_model(name) from error


def _metrics(tags: Mapping[str, str]) -> dict[str, float]:
    try:
        found = json.loads(tags.get(METRICS, "{}"))
    except ValueError:
        found = {}
    if isinstance(found, dict) and found:
        return {str(name): value for name, value in found.items() if isinstance(value, int | float)}
    name, score = tags.get("penstock.metric", ""), tags.get("penstock.score", "")
    try:
        value = float(score)
    except ValueError:
        return {}
    return {name: value} if name and math.isfinite(value) else {}


def _user_tags(tags: Mapping[str, str]) -> list[str]:
    try:
        found: Any = json.loads(tags.get("penstock.user_tags", "[]"))
    except ValueError:
        return []
    return [str(tag) for tag in found] if isinstance(found, list) else []


def _task(task: str) -> str:
    return "classification" if task in ("binary", "multiclass") else task
