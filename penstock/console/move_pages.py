"""Moving a version: what will happen, a comment, and the move itself."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Response

from penstock.console.fields import Field, Typed
from penstock.console.model_pages import crumbs_of
from penstock.console.page import PageRoute
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.people.person import Level
from penstock.problems import NotFound, Problem
from penstock.services import approvals, model_moves, models
from penstock.services.versions import Held
from serving.lifecycle.stages import STAGING

router = APIRouter(route_class=PageRoute)
COMMENT = Field("reason", "Comment", "area", hint="Why; it stands in the history.")
FORCE = Field("force", "Although its gate failed", "check")
USED = Field("force", "Although something still uses it", "check")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done to a version.

    Attributes:
        verb: What the button says.
        tells: What will happen.
        done: What is said after it.
        do: The service's call.
        fields: What is asked.
        is_grave: Whether it cannot be taken back.
    """

    verb: str
    tells: str
    done: str
    do: Callable[[Visit, Held, Typed], object]
    fields: tuple[Field, ...] = (COMMENT,)
    is_grave: bool = False


def _promote(visit: Visit, held: Held, typed: Typed) -> object:
    force = bool(typed.one("force"))
    return model_moves.promote(
        visit.desk, visit.person, held.model_id, reason=typed.one("reason"), force=force
    )


def _stage(visit: Visit, held: Held, typed: Typed) -> object:
    return model_moves.promote(
        visit.desk, visit.person, held.model_id, to=STAGING, reason=typed.one("reason")
    )


def _demote(visit: Visit, held: Held, typed: Typed) -> object:
    return model_moves.demote(visit.desk, visit.person, held.model_id, reason=typed.one("reason"))


def _archive(visit: Visit, held: Held, typed: Typed) -> object:
    return model_moves.archive(visit.desk, visit.person, held.model_id, reason=typed.one("reason"))


def _delete(visit: Visit, held: Held, typed: Typed) -> object:
    return models.delete(visit.desk, visit.person, held.model_id, force=bool(typed.one("force")))


def _ask(visit: Visit, held: Held, typed: Typed) -> object:
    force = bool(typed.one("force"))
    return approvals.ask(
        visit.desk, visit.person, held.name, held.number, comment=typed.one("reason"), force=force
    )


STEPS = {
    "promote": Step(
        "Promote",
        "It answers all that the model's route sends to Production; what was there goes to the archive.",
        "promoted",
        _promote,
        (COMMENT, FORCE),
    ),
    "stage": Step("Stage", "It goes to Staging, where a route may give it a share.", "staged", _stage),
    "demote": Step(
        "Demote",
        "It goes one stage down: from Production to Staging, or from there to no stage.",
        "demoted",
        _demote,
    ),
    "archive": Step(
        "Archive", "It is taken out of use; it can still be called by its id.", "archived", _archive
    ),
    "delete": Step(
        "Delete",
        "It leaves the registry and cannot be brought back; its run and its predictions stay.",
        "deleted",
        _delete,
        (USED,),
        is_grave=True,
    ),
}
ASKING = Step(
    "Ask for the promotion",
    "The model's policy wants a second person to agree; it is promoted as soon as they do.",
    "asked",
    _ask,
    (Field("reason", "Comment", "area", hint="Why; the others read it.", is_required=True), FORCE),
)


@router.get("/versions/{model_id}/{move}")
def confirm(visit: VisitOf, model_id: str, move: str) -> Response:
    """What will happen, before it does."""
    held = model_moves.owned(visit.desk, visit.person, model_id, Level.EDIT)
    return _form(visit, held, _step(visit, held, move))


@router.post("/versions/{model_id}/{move}")
def do(visit: SentOf, model_id: str, move: str, typed: TypedOf) -> Response:
    """Do it."""
    held = model_moves.owned(visit.desk, visit.person, model_id, Level.EDIT)
    step = _step(visit, held, move)
    try:
        step.do(visit, held, typed)
    except Problem as problem:
        return _form(visit, held, step, typed, problem)
    is_gone = step.done == "deleted" and len(visit.desk.versions.of(held.name)) == 0
    return visit.go("/models" if is_gone else at("models", held.name), step.done)


@router.get("/models/{name}/rollback")
def confirm_rollback(visit: VisitOf, name: str) -> Response:
    """Which version comes back."""
    return _rollback_form(visit, name)


@router.post("/models/{name}/rollback")
def rollback(visit: SentOf, name: str, typed: TypedOf) -> Response:
    """Bring it back."""
    try:
        model_moves.rollback(
            visit.desk, visit.person, name, typed.one("to_version"), reason=typed.one("reason")
        )
    except Problem as problem:
        return _rollback_form(visit, name, typed, problem)
    return visit.go(at("models", name), "rolled_back")


def _step(visit: Visit, held: Held, move: str) -> Step:
    step = STEPS.get(move)
    if step is None:
        raise NotFound(f"a version cannot be asked to '{move:.40}'; open its page and choose there")
    return ASKING if move == "promote" and approvals.needed(visit.desk, held.name) else step


def _form(
    visit: Visit, held: Held, step: Step, typed: Typed | None = None, problem: Problem | None = None
) -> Response:
    gate = held.tags.get("penstock.gate", "")
    notes = [f"Its gate said: {gate}"] if gate.startswith("fail") else []
    uses = models.depending(visit.desk, visit.person, [held]) if step.is_grave else []
    fields = [each for each in step.fields if each is not FORCE or notes]
    return visit.form(
        f"{step.verb}: {held.name} {held.called}",
        [each for each in fields if each is not USED or uses],
        send=step.verb,
        crumbs=[*crumbs_of(held.name), (held.called, at("versions", held.model_id))],
        typed=typed,
        problem=problem,
        intro=step.tells,
        notes=[*notes, *uses],
        back=at("models", held.name),
        is_grave=step.is_grave,
    )


def _rollback_form(
    visit: Visit, name: str, typed: Typed | None = None, problem: Problem | None = None
) -> Response:
    moves = model_moves.history(visit.desk, visit.person, name)
    once = {move.version: None for move in reversed(moves) if move.to_status == "production"}
    choices = [("", "The one before"), *((version, f"Version {version}") for version in list(once)[1:20])]
    fields = (Field("to_version", "Back to", "choice", choices), COMMENT)
    return visit.form(
        f"Roll back {name}",
        fields,
        send="Roll back",
        crumbs=crumbs_of(name),
        typed=typed,
        problem=problem,
        intro=(
            "The version that was in Production before answers again; the one that is there now goes to the "
            "archive."
        ),
        back=at("models", name),
    )
