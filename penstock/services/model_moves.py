"""Moving deployed versions: one stage up or down, out of use, back to an earlier one, and what was moved."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import NotFound
from penstock.services import approvals
from penstock.services.identity import model_id
from penstock.services.model_ids import held, unknown
from penstock.services.model_routes import ensure_route
from penstock.services.told import as_problems
from penstock.services.versions import PROJECT, Held
from serving.lifecycle.moves import Lifecycle, Move
from serving.lifecycle.stages import ARCHIVED, PRODUCTION, STAGING
from serving.lifecycle.timeline import CLOCKS_DIFFER

STATUS = {"None": "training", STAGING: "staged", PRODUCTION: "production", ARCHIVED: "archived"}
"""The stages in the API's words."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A version that was moved.

    Attributes:
        model_id: The version's id.
        name: The registered model.
        version: The user's own version.
        status: Where it is now, in the API's words.
        message: The same in a sentence.
    """

    model_id: str
    name: str
    version: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Past:
    """A move of the journal, with the version as its owner calls it."""

    model_id: str
    version: str
    number: str
    time: str
    from_status: str
    to_status: str
    action: str
    actor: str
    reason: str
    is_external: bool


def lifecycle(desk: Desk, person: Person) -> Lifecycle:
    """The lifecycle, moved in a person's name."""
    return Lifecycle(desk.client, desk.settings.database_url, actor=person.actor)


def owned(desk: Desk, person: Person, wanted: str, level: Level) -> Held:
    """The version of an id, if the person has the level on its model.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may see it, but not more.
    """
    found = held(desk, wanted)
    with as_problems():
        try:
            need_model(desk, person, found.name, level)
        except NotFound:
            raise unknown(wanted) from None
        now = desk.versions.now(found)
    if now is None:
        raise unknown(wanted)
    return now


def promote(
    desk: Desk,
    person: Person,
    wanted: str,
    *,
    to: str = PRODUCTION,
    reason: str = "",
    force: bool = False,
) -> Moved:
    """Move a version to Production, or to Staging; what was there goes to Archived.

    Args:
        desk: The desk.
        person: Who asks.
        wanted: The version's id.
        to: Production or Staging.
        reason: Why, for the journal.
        force: Although its gate failed.

    Raises:
        NotFound: There is no such version, or not for this person.
        NotAllowed: The person may not change it.
        BadRequest: Its gate failed, and `force` was not given.
        Conflict: It is there already, or another must approve first.
    """
    found = owned(desk, person, wanted, Level.EDIT)
    with _doing(desk, person, "promote", found, {"to": to, "reason": reason, "force": force}):
        if to == PRODUCTION:
            approvals.refuse_alone(desk, found.name, found.number)
        move = lifecycle(desk, person).promote(found.name, found.number, to=to, reason=reason, force=force)
    return _done(desk, found, move)


def demote(desk: Desk, person: Person, wanted: str, *, reason: str = "") -> Moved:
    """Move a version one stage down: from Production to Staging, or from there to no stage."""
    found = owned(desk, person, wanted, Level.EDIT)
    with _doing(desk, person, "demote", found, {"reason": reason}):
        move = lifecycle(desk, person).demote(found.name, found.number, reason=reason)
    return _done(desk, found, move)


def archive(desk: Desk, person: Person, wanted: str, *, reason: str = "") -> Moved:
    """Take a version out of use; it can still be called by its id."""
    found = owned(desk, person, wanted, Level.EDIT)
    with _doing(desk, person, "archive", found, {"reason": reason}):
        move = lifecycle(desk, person).archive(found.name, found.number, reason=reason)
    return _done(desk, found, move)


def rollback(desk: Desk, person: Person, name: str, to_version: str = "", *, reason: str = "") -> Moved:
    """Move Production back to the version before, or to a given one that once was there.

    Args:
        desk: The desk.
        person: Who asks.
        name: The registered model.
        to_version: The user's own version, or the registry's number; empty for the one before.
        reason: Why, for the journal.

    Raises:
        NotFound: There is no such model or version, or not for this person.
        Conflict: There is nothing to go back to, or the version is in Production.
    """
    versions = of_model(desk, person, name, Level.EDIT)
    target = called(versions, name, to_version) if to_version else None
    with _doing(
        desk, person, "rollback", target or versions[0], {"to_version": to_version, "reason": reason}
    ):
        move = lifecycle(desk, person).rollback(
            name, to_version=target.number if target else None, reason=reason
        )
        found = next(each for each in versions if each.number == move.version)
        ensure_route(desk, person, name, found.number)
    return _done(desk, found, move)


def history(desk: Desk, person: Person, name: str) -> list[Past]:
    """The moves of a model in their order, with those that were made elsewhere."""
    versions = {each.number: each for each in of_model(desk, person, name, Level.READ)}
    with as_problems():
        moves = lifecycle(desk, person)
        moves.observe(name)
        made_s = (desk.client.get_registered_model(name).creation_timestamp or 0) / 1000
        since = datetime.fromtimestamp(made_s, UTC) - CLOCKS_DIFFER
        # What is older is of a deleted model of that name.
        found = [move for move in moves.history(name) if not made_s or move.time >= since]
        return [_past(move, versions.get(move.version)) for move in found]


def of_model(desk: Desk, person: Person, name: str, level: Level) -> list[Held]:
    """The versions of a model, the newest first, if the person has the level on it.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may see it, but not more.
    """
    with as_problems():
        need_model(desk, person, name, level)
        found = desk.versions.of(name)
    if not found:
        raise no_model(name)
    return found


def no_model(name: str) -> NotFound:
    """There is no registered model of a name, or it has no version."""
    return NotFound(f"there is no model '{name:.120}'; `GET /api/ml/models/deployed` lists yours")


def called(versions: list[Held], name: str, text: str) -> Held:
    """The version that a person means by their own text, or by the registry's number.

    Raises:
        NotFound: There is none.
    """
    mine = [each for each in versions if each.called == text]
    found = mine or [each for each in versions if each.number == text]
    if not found:
        known = ", ".join(each.called for each in versions[:12])
        raise NotFound(f"model '{name}' has no version '{text:.80}'; its versions are {known}")
    return found[0]


@contextmanager
def _doing(
    desk: Desk, person: Person, action: str, found: Held, details: Mapping[str, object]
) -> Iterator[None]:
    what = f"model {found.name}" + ("" if action == "rollback" else f" version {found.number}")
    event = Event(f"model.{action}", what, found.tags.get(PROJECT, ""), details=details)
    with as_problems(), desk.trail.doing(person, event):
        yield


def _done(desk: Desk, found: Held, move: Move) -> Moved:
    desk.versions.forget()
    status = _status(move.to_stage)
    said = (
        f"version {found.called} of '{found.name}' is in {status} now; it was in {_status(move.from_stage)}"
    )
    return Moved(found.model_id, found.name, found.called, status, said)


def _past(move: Move, found: Held | None) -> Past:
    return Past(
        model_id(move.model, move.version),
        found.called if found else move.version,
        move.version,
        move.time.isoformat(),
        _status(move.from_stage),
        _status(move.to_stage),
        move.action,
        move.actor,
        move.reason,
        move.external,
    )


def _status(stage: str) -> str:
    return STATUS.get(stage, stage.lower())
