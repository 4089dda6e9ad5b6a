"""A/B tests: two versions share the requests for one name, one user always meets the same one.

A test is a named route with two variants; what the route does not say is kept beside it (`traffic.ab_test`).
"""

import json
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import Away, BadRequest, Conflict, NotFound, Problem
from penstock.services import model_ids
from penstock.services.model_moves import promote
from penstock.services.told import as_problems
from penstock.services.versions import PROJECT
from penstock.traffic.ab_test import SIDES, AbTest, AbTestStore, Arm, Side
from penstock.traffic.counted import counts_of
from penstock.traffic.figures import Figures, figures_of, lanes_of
from penstock.traffic.following import is_followed
from penstock.traffic.route_writing import Writing, clear_route, etag, taken, write_route
from serving.lifecycle.canary.counts import Counts
from serving.routing.edit import share

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
"""A variant's name is the test's with a side behind it, and takes 64 characters."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A test as it is now.

    Attributes:
        test: What is kept of it.
        split_ratio: The share of A, 0 to 1; None where its route is gone.
        tag: What tells this state of it from another; empty where its route is gone.
        is_live: Whether the gateway answers by it; None where nobody looked.
    """

    test: AbTest
    split_ratio: float | None
    tag: str = ""
    is_live: bool | None = None

    @property
    def status(self) -> str:
        """`running`, `ended`, or `gone` where its route was taken away or replaced by other means."""
        return "ended" if self.test.ended_s else "gone" if self.split_ratio is None else "running"


def set_up(
    desk: Desk, person: Person, *, model_a_id: str, model_b_id: str, test_name: str, split_ratio: float
) -> Shown:
    """Begin a test; one that is set up just so already is given as it is.

    Args:
        desk: The process's desk.
        person: Who asks.
        model_a_id: The id of the version A.
        model_b_id: The id of the version B.
        test_name: What callers are to name.
        split_ratio: The share of A, 0 to 1.

    Raises:
        BadRequest: The name, the share or the pair cannot be used.
        NotFound: The person may not know of a version.
        NotAllowed: The person may not change a model.
        Conflict: The name is taken.
    """
    _check_name(test_name)
    _check_ratio(split_ratio)
    arms = {
        side: _arm(desk, person, each) for side, each in zip(SIDES, (model_a_id, model_b_id), strict=True)
    }
    if model_a_id == model_b_id:
        raise BadRequest("model_a_id and model_b_id are the same version; name two")
    earlier = _kept(desk, test_name)
    if earlier and not earlier.ended_s and (found := _same(desk, person, earlier, arms, split_ratio)):
        return found
    test = AbTest(str(uuid.uuid4()), test_name, arms, person.actor, desk.now_s())
    test = replace(test, arms=_with_baselines(desk, test))
    writing = Writing(
        test_name, _text(test, split_ratio), test.arms["a"].model, f"A/B test '{test_name}'", is_new=True
    )
    details = {"model_a_id": model_a_id, "model_b_id": model_b_id, "split_ratio": split_ratio}
    _record(desk, person, test, "abtest.make", details)
    # A record without a route is a test that is gone; a route without a record would keep the name for good.
    with as_problems():
        _store(desk).put(test)
    try:
        write_route(desk, person, writing)
    except Problem as problem:
        if problem.status < 500:
            with as_problems():
                _store(desk).drop(test)
        raise
    return _shown(desk, test, is_waited_for=True)


def get(desk: Desk, person: Person, name: str) -> Shown:
    """The newest test of a name.

    Raises:
        NotFound: There was none, or the person may not know of it.
    """
    return _shown(desk, _need(desk, person, name, Level.READ))


def listed(desk: Desk, person: Person, *, is_ended: bool = False) -> list[Shown]:
    """The tests whose models the person may see, newest first: those under way, or those that have ended."""
    with as_problems():
        tests = _store(desk).listed(is_ended=is_ended)
        return [_shown(desk, test) for test in tests if _may(desk, person, test)]


def figures(desk: Desk, person: Person, name: str) -> Figures:
    """How each side of a test does.

    Raises:
        NotFound: There was none, or the person may not know of it.
    """
    test = _need(desk, person, name, Level.READ)
    with as_problems():
        return figures_of(desk, test)


def change_split(desk: Desk, person: Person, name: str, split_ratio: float, *, expected: str = "") -> Shown:
    """Give A another share; users move only as far as they must.

    Raises:
        NotFound: There is no such test, or the person may not know of it.
        NotAllowed: The person may not change its models.
        Changed: Its route is not what the caller has seen.
    """
    _check_ratio(split_ratio)
    test = _running(desk, person, name)
    _record(desk, person, test, "abtest.split", {"split_ratio": split_ratio})
    text = _text(test, split_ratio)
    write_route(desk, person, Writing(name, text, reason=f"A has {split_ratio:.2%}", expected=expected))
    return _shown(desk, test, is_waited_for=True)


def end(desk: Desk, person: Person, name: str, *, winner: str = "") -> tuple[Shown, str]:
    """End a test; its name is called no more.

    Args:
        desk: The process's desk.
        person: Who asks.
        name: The test's.
        winner: The side, or the id of the version, that is to be promoted; empty for neither.

    Returns:
        The test, and what the promotion said.

    Raises:
        NotFound: There is no such test, or the person may not know of it.
        NotAllowed: The person may not change its models.
        BadRequest: The winner is neither side.
    """
    test = _running(desk, person, name)
    side = _side(test, winner)
    said = _promoted(desk, person, test, side) if side else ""
    _record(desk, person, test, "abtest.end", {"winner": side})
    clear_route(desk, person, name, reason=f"A/B test '{name}' has ended")
    ended = replace(test, ended_s=desk.now_s(), ended_by=person.actor, winner=side)
    with as_problems():
        _store(desk).put(ended)
    return Shown(ended, None, is_live=not is_followed(desk, name, None)), said


def _promoted(desk: Desk, person: Person, test: AbTest, side: Side) -> str:
    reason = f"won the A/B test '{test.name}'"
    return promote(desk, person, test.arms[side].model_id, reason=reason).message


def _arm(desk: Desk, person: Person, wanted: str) -> Arm:
    held = model_ids.held(desk, wanted)
    try:
        need_model(desk, person, held.name, Level.EDIT)
    except NotFound as error:
        raise model_ids.unknown(wanted) from error
    return Arm(wanted, held.name, held.number, held.called)


def _same(
    desk: Desk, person: Person, test: AbTest, arms: Mapping[Side, Arm], split_ratio: float
) -> Shown | None:
    """The test that is under way, if it is just what is asked for; None if its name is free again."""
    shown = _shown(desk, test)
    if shown.status == "gone":
        return None
    ids = {side: arm.model_id for side, arm in test.arms.items()}
    if ids != {side: arm.model_id for side, arm in arms.items()} or not _may(desk, person, test):
        raise taken(test.name)
    if shown.split_ratio != _percent(split_ratio) / 100:
        raise Conflict(
            f"there is an A/B test '{test.name}' of these models with the split {shown.split_ratio:g}; "
            f"change its split, or choose another name",
            code="name_taken",
        )
    return shown


def _need(desk: Desk, person: Person, name: str, level: Level) -> AbTest:
    test = _kept(desk, name)
    if test is None or not _may(desk, person, test):
        raise NotFound(f"there is no A/B test '{name:.80}'; `GET /api/ml/models/ab-test` lists yours")
    for model in test.models:
        need_model(desk, person, model, level)
    return test


def _running(desk: Desk, person: Person, name: str) -> AbTest:
    test = _need(desk, person, name, Level.EDIT)
    if (status := _shown(desk, test).status) != "running":
        raise Conflict(f"the A/B test '{name}' is {status}; begin another one", code="not_running")
    return test


def _kept(desk: Desk, name: str) -> AbTest | None:
    with as_problems():
        return _store(desk).get(name)


def _may(desk: Desk, person: Person, test: AbTest) -> bool:
    return all(desk.rights.level(person, "registered_model", model) >= Level.READ for model in test.models)


def _shown(desk: Desk, test: AbTest, *, is_waited_for: bool = False) -> Shown:
    if test.ended_s:
        return Shown(test, None)
    with as_problems():
        listed = desk.routes.find(test.name)
    route = listed.route if listed else None
    variants = {each.name: each.buckets / 100 for each in route.variants} if route else {}
    if listed is None or route is None or set(variants) != {test.variant(side) for side in SIDES}:
        return Shown(test, None)
    is_live = is_followed(desk, test.name, variants) if is_waited_for else None
    return Shown(test, share(route, test.variant("a")) / 100, etag(listed.text), is_live)


def _text(test: AbTest, split_ratio: float) -> str:
    percent = _percent(split_ratio)
    weights = {"a": percent, "b": round(100 - percent, 2)}
    return json.dumps(
        {
            "variants": {
                test.variant(side): {
                    "model": arm.model,
                    "version": arm.version,
                    "weight": weights[side],
                }
                for side, arm in test.arms.items()
            }
        },
        ensure_ascii=False,
    )


def _percent(split_ratio: float) -> float:
    """The share in percent, as exactly as a route takes it."""
    percent = round(100 * split_ratio, 2)
    return int(percent) if percent == int(percent) else percent


def _with_baselines(desk: Desk, test: AbTest) -> Mapping[Side, Arm]:
    """The sides with what was counted of them before, in an earlier test of that name."""
    lanes = lanes_of(test)
    try:
        counts = counts_of(desk, list(lanes.values()))
    except Away:  # the figures will count from the gateway's start
        counts = dict.fromkeys(lanes.values(), Counts())
    return {side: replace(arm, baseline=counts[lanes[side]]) for side, arm in test.arms.items()}


def _side(test: AbTest, winner: str) -> Side | None:
    if not winner:
        return None
    for side, arm in test.arms.items():
        if winner in (side, side.upper(), arm.model_id):
            return side
    raise BadRequest(f"the winner must be 'a', 'b' or one of the two models' ids, not '{winner:.80}'")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or is_id(name):
        raise BadRequest(
            "test_name must be 1 to 60 letters, digits, '_', '.' or '-', begin with a letter or digit, and "
            f"not look like an id; '{name:.80}' is none"
        )


def is_id(name: str) -> bool:
    """Whether a name looks like the id of a version."""
    try:
        return str(uuid.UUID(name)) == name.lower()
    except ValueError:
        return False


def _check_ratio(split_ratio: float) -> None:
    if not math.isfinite(split_ratio) or not 0 <= split_ratio <= 1:
        raise BadRequest(f"split_ratio must be the share of model A, from 0 to 1, not {split_ratio:g}")


def _record(desk: Desk, person: Person, test: AbTest, action: str, details: Mapping[str, object]) -> None:
    held = desk.versions.find(test.arms["a"].model_id)
    project = held.tags.get(PROJECT, "") if held else ""
    with as_problems():
        desk.trail.record(person, Event(action, f"A/B test {test.name}", project, details=details))


def _store(desk: Desk) -> AbTestStore:
    return AbTestStore(desk.database)
