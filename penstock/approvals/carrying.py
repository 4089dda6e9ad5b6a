"""A promotion that enough people agreed to is carried out, with all their names as its reason."""

from collections.abc import Callable
from dataclasses import replace

from penstock.approvals.request import Request, RequestStore
from penstock.desk import Desk
from penstock.people.person import Person
from serving.lifecycle.errors import AlreadyThereError, InvalidMoveError, LifecycleError
from serving.lifecycle.moves import Lifecycle


def carry_out(desk: Desk, person: Person, request: Request) -> Request:
    """Promote; where the registry is away the last yes is taken back, so that it can be given again.

    Args:
        desk: The desk.
        person: Who agreed last.
        request: In the state `carrying`.

    Raises:
        LifecycleError: The registry is away; for good, `InvalidMoveError`: the move is not allowed, or the
            version is another than the one that was asked for.
    """
    store = RequestStore(desk.database, desk.now_s)
    lifecycle = Lifecycle(desk.client, desk.settings.database_url, actor=person.actor)
    try:
        _check_same(desk, request)
        lifecycle.promote(
            request.model,
            request.version,
            reason=reason(request),
            force=request.force,
            agreed=request.people,
        )
    except AlreadyThereError:
        pass  # cut off after the move the last time
    except InvalidMoveError as error:
        store.change(request.request_id, _failed(str(error)))
        raise
    except LifecycleError:
        store.change(request.request_id, _reopened)
        raise
    desk.versions.forget()
    return store.change(request.request_id, lambda now: _done(now, desk.now_s())) or request


def reason(request: Request) -> str:
    """Who wanted it and why, for the lifecycle's journal."""
    agreed = "; ".join(
        f"approved by {answer.person}" + (f": {answer.comment}" if answer.comment else "")
        for answer in request.answers
        if answer.is_yes
    )
    return f"asked by {request.asked_by}: {request.comment}; {agreed}"


def _check_same(desk: Desk, request: Request) -> None:
    """Refuse a version that took the number of a deleted one: nobody has agreed to it."""
    made = [each.created_ms for each in desk.versions.of(request.model) if each.number == request.version]
    if request.made_ms and made != [request.made_ms]:
        raise InvalidMoveError(
            f"version {request.version} of '{request.model}' that was asked for is deleted; ask anew"
        )


def _done(request: Request, now_s: float) -> Request:
    return replace(request, state="done", ended_s=now_s)


def _reopened(request: Request) -> Request:
    return replace(request, state="open", ended_s=0.0, answers=request.answers[:-1])


def _failed(why: str) -> Callable[[Request], Request]:
    return lambda request: replace(request, state="failed", why=why)
