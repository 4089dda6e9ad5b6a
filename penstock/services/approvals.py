"""Promotions to Production that need more than one person: asked for, approved, rejected, carried out.

    ask -> open -> approve (until enough people agree) -> carrying -> done | failed
                -> reject | withdraw | (a week goes by)

The policy's `promotion` says how many must agree (`serving.lifecycle.approval`). Whoever asks cannot answer,
nor can a key of theirs. The last one's yes carries the promotion out, in both names. Rolling back stays one
person's: it leads only to a version that was in Production before, and an emergency has no second person.
Commands on the machine itself are outside: their moves are in the lifecycle's journal.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

import sqlalchemy as sa

from penstock.approvals.carrying import carry_out
from penstock.approvals.request import CARRYING_S, Answer, Request, RequestStore, State
from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, Conflict, NotAllowed, NotFound
from penstock.services.told import as_problems
from penstock.services.versions import PROJECT
from serving.lifecycle.approval import Approval, read_approval
from serving.lifecycle.stages import PRODUCTION
from serving.policy import TAG

DAYS = 7.0
MOST_DAYS = 30.0
LONGEST_COMMENT = 2000
_DAY_S = 86_400.0
NOBODY_ELSE = Approval()


def rule(desk: Desk, model: str) -> Approval:
    """What a promotion of a model to Production takes.

    Raises:
        NotFound: There is no such model.
        Away: MLflow does not answer.
    """
    with as_problems():
        tags = desk.client.get_registered_model(model).tags
    return read_approval((tags or {}).get(TAG), model=model)


def needed(desk: Desk, model: str) -> bool:
    """Whether a promotion of a model to Production needs a second person."""
    return rule(desk, model).is_needed


def refuse_alone(desk: Desk, model: str, version: str, *, least: Approval = NOBODY_ELSE) -> None:
    """Refuse a promotion to Production by one person, where the policy asks for more; forced ones, too.

    Args:
        desk: The desk.
        model: The registered model.
        version: The registry's number.
        least: What the policy asked for a moment ago; it counts where it asks for more people.

    Raises:
        Conflict: `approval_needed`.
    """
    wanted = max(rule(desk, model), least, key=lambda each: each.people)
    if wanted.is_needed:
        raise Conflict(
            f"to promote version {version} of '{model}' to Production takes {wanted.people} people; "
            "ask for it with `POST /api/ml/approvals`",
            code="approval_needed",
            details={
                "model": model,
                "version": version,
                "people": wanted.people,
                "problems": list(wanted.problems),
            },
        )


def ask(
    desk: Desk,
    person: Person,
    model: str,
    version: str,
    *,
    comment: str,
    force: bool = False,
    days: float = DAYS,
) -> Request:
    """Ask for a promotion to Production.

    Args:
        desk: The desk.
        person: Who asks.
        model: The registered model.
        version: The registry's number.
        comment: Why.
        force: Promote although the version's gate failed; the others see it.
        days: How long it can be answered.

    Raises:
        BadRequest: There is no comment, or no such version.
        NotFound: No such model, or none for the person to know of.
        NotAllowed: The person may not change the model.
        Conflict: The policy asks for nobody else, or the version has an open request.
    """
    need_model(desk, person, model, Level.EDIT)
    if not 0 < days <= MOST_DAYS:
        raise BadRequest(f"a request lasts up to {MOST_DAYS:g} days, not {days:g}; give fewer")
    wanted, comment = rule(desk, model), _comment(comment, is_wanted=True)
    if not wanted.is_needed:
        raise Conflict(
            f"the policy of '{model}' asks for no second person; promote version {version} at once",
            code="approval_not_needed",
        )
    with as_problems():
        found = desk.client.get_model_version(model, version)
        if found.current_stage == PRODUCTION:
            raise Conflict(f"version {version} of '{model}' is in {PRODUCTION} already", code="already_there")
        project = (found.tags or {}).get(PROJECT, "")
        now_s = desk.now_s()
        request = Request(
            "", model, str(found.version), project, "open", person.name, comment, force, wanted.people, (),
            now_s, now_s + days * _DAY_S, made_ms=int(found.creation_timestamp or 0),
        )  # fmt: skip
        details = {"comment": comment, "force": force, "people": wanted.people}
        with desk.trail.doing(person, _event("approval.ask", request, details)) as more:
            try:
                made = _store(desk).add(request)
            except sa.exc.IntegrityError as error:
                raise Conflict(
                    f"there is an open request for version {version} of '{model}' already; "
                    "`GET /api/ml/approvals?status=open` lists it"
                ) from error
            more["request"] = made.request_id
    return made


def approve(desk: Desk, person: Person, request_id: str, *, comment: str = "") -> Request:
    """Agree; the last one needed carries the promotion out.

    Raises:
        NotFound: There is no such request, or none for the person to know of.
        NotAllowed: The person asked for it, or does not manage the model.
        Conflict: It is over, the person has agreed already, or the move was refused.
        Away: MLflow does not answer; the request stays open.
    """
    request = _for(desk, person, request_id, Level.MANAGE)
    wanted = rule(desk, request.model)
    comment = _comment(comment, is_wanted=wanted.comment)
    # Looked up before the request is changed: meanwhile nobody else could write to the database.
    void = _void(desk, request)

    def agree(now: Request) -> Request:
        _check_open(now, desk.now_s())
        if now.asked_by == person.name:
            raise NotAllowed("whoever asks for a promotion cannot agree to it; ask another who manages it")
        now = replace(now, answers=tuple(answer for answer in now.answers if answer not in void))
        if now.state == "open" and any(answer.person == person.name for answer in now.answers):
            raise Conflict(f"you have agreed already, and {_people(now.missing)} must yet; wait for them")
        answer = Answer(person.name, True, comment, desk.now_s())
        # The policy may have become stricter since, and who agreed may manage the model no more.
        agreed = replace(now, people=max(now.people, wanted.people), answers=_with(now.answers, answer))
        return agreed if agreed.missing else replace(agreed, state="carrying", ended_s=desk.now_s())

    with as_problems(), desk.trail.doing(person, _event("approval.approve", request, {"comment": comment})):
        agreed = _changed(desk, request_id, agree)
        return carry_out(desk, person, agreed) if agreed.state == "carrying" else agreed


def reject(desk: Desk, person: Person, request_id: str, *, comment: str) -> Request:
    """Refuse a request; it is over then.

    Raises:
        BadRequest: There is no comment.
        NotFound: There is no such request, or none for the person to know of.
        NotAllowed: The person asked for it (they withdraw it), or does not manage the model.
        Conflict: It is over.
    """
    request = _for(desk, person, request_id, Level.MANAGE)
    comment = _comment(comment, is_wanted=True)

    def refuse(now: Request) -> Request:
        _check_open(now, desk.now_s())
        if now.asked_by == person.name:
            raise NotAllowed("whoever asks for a promotion cannot reject it; withdraw it")
        answer = Answer(person.name, False, comment, desk.now_s())
        answers = _with(now.answers, answer)
        return replace(now, answers=answers, state="rejected", ended_s=desk.now_s())

    with as_problems(), desk.trail.doing(person, _event("approval.reject", request, {"comment": comment})):
        return _changed(desk, request_id, refuse)


def withdraw(desk: Desk, person: Person, request_id: str) -> Request:
    """Take one's own request back.

    Raises:
        NotFound: There is no such request, or none for the person to know of.
        NotAllowed: Another asked for it.
        Conflict: It is over.
    """
    request = _for(desk, person, request_id, Level.READ)

    def take_back(now: Request) -> Request:
        if now.asked_by != person.name:
            raise NotAllowed(f"{now.asked_by} asked for it and can withdraw it; reject it instead")
        _check_open(now, desk.now_s())
        return replace(now, state="withdrawn", ended_s=desk.now_s())

    with as_problems(), desk.trail.doing(person, _event("approval.withdraw", request, {})):
        return _changed(desk, request_id, take_back)


def drop(desk: Desk, model: str, versions: Collection[str]) -> None:
    """Withdraw the open requests of versions that were deleted."""
    _store(desk).drop(model, versions, "its version was deleted")


def get(desk: Desk, person: Person, request_id: str) -> Request:
    """A request.

    Raises:
        NotFound: There is no such request, or none for the person to know of.
    """
    return _for(desk, person, request_id, Level.READ)


def listed(
    desk: Desk, person: Person, *, model: str = "", states: tuple[State, ...] = (), most: int = 50
) -> list[Request]:
    """The requests of models that the person may see, newest first.

    Args:
        desk: The desk.
        person: Who asks.
        model: Only this registered model's, if given.
        states: Only in these states, if given.
        most: At most so many.
    """
    with as_problems():
        store = _store(desk)
        store.expire()
        found = store.listed(model=model, states=states)
    levels: dict[str, Level] = {}
    for request in found:
        if request.model not in levels:
            levels[request.model] = desk.rights.level(person, "registered_model", request.model)
    return [request for request in found if levels[request.model] >= Level.READ][:most]


def _for(desk: Desk, person: Person, request_id: str, level: Level) -> Request:
    with as_problems():
        request = _store(desk).get(request_id) if request_id.isascii() else None
    unknown = NotFound(
        f"there is no request '{request_id:.80}' for a promotion; `GET /api/ml/approvals` lists yours"
    )
    if request is None:
        raise unknown
    try:
        need_model(desk, person, request.model, level)
    except NotFound as error:
        raise unknown from error
    return request


def _check_open(request: Request, now_s: float) -> None:
    if request.state == "carrying" and now_s - request.ended_s > CARRYING_S:
        return
    if request.state == "carrying":
        raise Conflict("the promotion is being carried out; look again in a moment")
    if request.state != "open":
        raise Conflict(f"the request is {request.state}; ask anew")
    if request.expires_s <= now_s:
        raise Conflict("the request has expired; ask anew")


def _changed(desk: Desk, request_id: str, decide: Callable[[Request], Request]) -> Request:
    changed = _store(desk).change(request_id, decide)
    if changed is None:  # requests are never removed
        raise NotFound(f"there is no request '{request_id:.80}' for a promotion")
    return changed


def _void(desk: Desk, request: Request) -> set[Answer]:
    """The answers of those who manage the model no more."""

    def manages(name: str) -> bool:
        return desk.rights.level(Person(name), "registered_model", request.model) >= Level.MANAGE

    return {answer for answer in request.answers if not manages(answer.person)}


def _with(answers: tuple[Answer, ...], answer: Answer) -> tuple[Answer, ...]:
    return (*(each for each in answers if each.person != answer.person), answer)


def _comment(comment: str, *, is_wanted: bool) -> str:
    text = comment.strip()
    if is_wanted and not text:
        raise BadRequest("a comment is wanted that says why; give one")
    if len(text) > LONGEST_COMMENT:
        raise BadRequest(f"a comment has at most {LONGEST_COMMENT:,} marks, not {len(text):,}; shorten it")
    return text


def _people(count: int) -> str:
    return "one more person" if count == 1 else f"{count} more people"


def _event(action: str, request: Request, details: dict[str, object]) -> Event:
    told = {"request": request.request_id, **details} if request.request_id else details
    return Event(action, f"model {request.model} version {request.version}", request.project, details=told)


def _store(desk: Desk) -> RequestStore:
    return RequestStore(desk.database, desk.now_s)
