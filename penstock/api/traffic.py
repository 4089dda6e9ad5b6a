"""A/B tests, routes and canaries."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.services import routes, traffic
from penstock.traffic.ab_test import SIDES
from penstock.traffic.comparison import Comparison
from penstock.traffic.figures import ArmFigures, Figures
from serving.lifecycle.canary.canary import CHALLENGER
from serving.lifecycle.canary.ledger import Outcome
from serving.lifecycle.route_journal import Change

router = APIRouter(tags=["traffic"])
ONE = "/api/ml/models/ab-test/{test_name}"
TestName = Annotated[str, Path(max_length=200, description="The test's name.")]
RouteName = Annotated[str, Path(max_length=200, description="What the route is called by.")]
Reason = Annotated[str, Query(max_length=1000, description="Why, for the journal.")]


class Success(Body):
    """It is done."""

    status: str = "success"
    message: str = ""


class AbTestWanted(Body):
    """An A/B test that is to begin."""

    model_config = example(
        model_a_id="6f1c0d52-8a0b-5c7e-9a44-2b1d0e7f3c11", model_b_id="0a8b6c1e-6a0f-5d6d-8d52-1f0c6d1c5a55",
        test_name="checkout", split_ratio=0.9,
    )  # fmt: skip
    model_a_id: str = Field(max_length=200, description="The id of the version A.")
    model_b_id: str = Field(max_length=200, description="The id of the version B.")
    test_name: str = Field(max_length=200, description="What callers name.", examples=["checkout"])
    split_ratio: float = Field(0.5, description="The share of A, 0 to 1.", examples=[0.9])


class Config(Body):
    """An A/B test."""

    test_name: str
    model_a_id: str
    model_b_id: str
    split_ratio: float | None = Field(description="The share of A; null where the test is over.")
    status: str = Field(description="`running`, `ended`, or `gone` where its route was taken away.")
    model_a: str = Field(description="The registered model and version of A.")
    model_b: str
    variants: dict[str, str] = Field(description="Each side's name in the log, the metrics and answers.")
    created_at: str
    created_by: str
    ended_at: str | None
    ended_by: str
    winner: str | None = Field(description="The id of the version that won.")


class AbTest(Body):
    """An A/B test."""

    status: str = "success"
    config: Config
    message: str = ""


class AbTests(Body):
    """A/B tests."""

    status: str = "success"
    tests: list[Config]


@router.post("/api/ml/models/ab-test", summary="Begin an A/B test")
def set_up(wanted: AbTestWanted, desk: DeskOf, person: PersonOf) -> AbTest:
    """Two versions share the requests for one name; one user always meets the same one.

    Call it by `POST /api/ml/models/predict` with `ab_test_name`.
    """
    shown = traffic.set_up(
        desk, person, model_a_id=wanted.model_a_id, model_b_id=wanted.model_b_id,
        test_name=wanted.test_name, split_ratio=wanted.split_ratio,
    )  # fmt: skip
    return AbTest(config=_config(shown), message=_said(shown))


@router.get("/api/ml/models/ab-test", summary="List A/B tests")
def listed(
    desk: DeskOf,
    person: PersonOf,
    *,
    ended: Annotated[bool, Query(description="Those that have ended, in place of those under way.")] = False,
) -> AbTests:
    """The tests whose models you may see, newest first."""
    return AbTests(tests=[_config(each) for each in traffic.listed(desk, person, is_ended=ended)])


@router.get(ONE, summary="An A/B test")
def get(test_name: TestName, desk: DeskOf, person: PersonOf) -> AbTest:
    """The newest test of a name."""
    return AbTest(config=_config(traffic.get(desk, person, test_name)))


class Split(Body):
    """A share."""

    model_config = example(split_ratio=0.5)
    split_ratio: float = Field(description="The share of A, 0 to 1.", examples=[0.5])


@router.put(ONE, summary="Change an A/B test's split")
def change_split(test_name: TestName, split: Split, desk: DeskOf, person: PersonOf) -> AbTest:
    """Give A another share; users change sides only as far as they must."""
    shown = traffic.change_split(desk, person, test_name, split.split_ratio)
    return AbTest(config=_config(shown), message=_said(shown))


@router.delete(ONE, summary="End an A/B test")
def end(
    test_name: TestName,
    desk: DeskOf,
    person: PersonOf,
    *,
    winner: Annotated[
        str, Query(max_length=200, description="`a`, `b` or the id of the version to promote to production.")
    ] = "",
) -> AbTest:
    """End a test: its name is called no more; a winner is promoted."""
    shown, said = traffic.end(desk, person, test_name, winner=winner)
    return AbTest(config=_config(shown), message="; ".join(["the test has ended", *([said] if said else [])]))


class Told(Body):
    """What two sides' outcomes say; a p-value holds at whatever moment one looks."""

    significance: str = Field(description="`too_few`, `no_difference`, `a_better` or `b_better`.")
    sentence: str
    p_value: float | None
    difference: float | None = Field(description="The mean of A less that of B.")


class Side(Body):
    """One side's figures since the test began."""

    model_id: str
    variant: str
    requests: int
    share: float | None
    failed: int
    refused: int
    error_rate: float | None
    p50_ms: float | None
    p99_ms: float | None
    labelled: int = Field(description="Predictions whose outcome is known, among the newest.")
    quality: dict[str, dict[str, float | None]] = Field(description="Metrics with their 95 % intervals.")


class AbTestFigures(Body):
    """How each side of a test does."""

    status: str = "success"
    test_name: str
    a: Side
    b: Side
    quality: Told
    errors: Told
    note: str = Field(description="What is missing and why.")


@router.get(f"{ONE}/figures", summary="An A/B test's live figures")
def figures(test_name: TestName, desk: DeskOf, person: PersonOf) -> AbTestFigures:
    """Requests, share, errors and latency of each side; its quality; whether they differ beyond chance."""
    shown = traffic.get(desk, person, test_name)
    found: Figures = traffic.figures(desk, person, test_name)
    sides = {side: _side(shown, side, found.arms[side]) for side in SIDES}
    return AbTestFigures(
        test_name=test_name, a=sides["a"], b=sides["b"], quality=_told(found.quality),
        errors=_told(found.errors), note=found.note,
    )  # fmt: skip


class Route(Body):
    """Who answers a name."""

    model_config = example(
        variants={
            "champion": {"stage": "Production", "weight": 90},
            "challenger": {"stage": "Staging", "weight": 10},
        }
    )
    variants: dict[str, dict[str, Any]] = Field(
        description="Each with `stage` or `version`, `weight` in percent, and `model` for another model's.",
        examples=[{"champion": {"stage": "Production", "weight": 100}}],
    )
    shadow: list[dict[str, Any]] = Field([], description="Versions that score copies of the requests.")
    salt: str | None = Field(None, description="Another one deals all users out anew.")


class RouteShown(Body):
    """A route."""

    status: str = "success"
    name: str
    model: str = Field(description="The registered model that carries it.")
    route: Route | None
    is_set: bool = Field(description="False for a model that answers with its version in production.")
    remarks: list[str] = Field(description="What may surprise.")


class Routes(Body):
    """Routes."""

    status: str = "success"
    routes: list[RouteShown]


class ChangeShown(Body):
    """A change of a route."""

    time: str
    action: str
    actor: str
    reason: str
    before: str | None
    after: str | None


class Changes(Body):
    """A route's history, oldest first."""

    status: str = "success"
    changes: list[ChangeShown]


@router.get("/api/ml/routes", summary="List routes")
def all_routes(
    desk: DeskOf,
    person: PersonOf,
    *,
    all: Annotated[bool, Query(description="With those of single versions, named by their ids.")] = False,  # noqa: A002 - the query's name
) -> Routes:
    """The routes whose models you may see, by their names."""
    return Routes(routes=[_route(each) for each in routes.listed(desk, person, is_all=all)])


@router.get("/api/ml/routes/{name}", summary="A route")
def get_route(name: RouteName, desk: DeskOf, person: PersonOf) -> RouteShown:
    """Who answers a name."""
    return _route(routes.get(desk, person, name))


@router.put("/api/ml/routes/{name}", summary="Set a route")
def put_route(
    name: RouteName,
    route: Route,
    desk: DeskOf,
    person: PersonOf,
    *,
    model: Annotated[str, Query(max_length=200, description="The model that is to carry a new one.")] = "",
    reason: Reason = "",
) -> RouteShown:
    """Say who answers a name; gateways follow within a second."""
    wanted = route.model_dump(exclude_unset=True)
    return _route(routes.put(desk, person, name, wanted, model=model, reason=reason))


@router.delete("/api/ml/routes/{name}", summary="Take a route away")
def clear_route(name: RouteName, desk: DeskOf, person: PersonOf, *, reason: Reason = "") -> Success:
    """A model then answers with its version in production; any other name is called no more."""
    routes.clear(desk, person, name, reason=reason)
    return Success(message=f"route '{name}' is taken away")


@router.get("/api/ml/routes/{name}/history", summary="A route's history")
def history(name: RouteName, desk: DeskOf, person: PersonOf) -> Changes:
    """Who changed a route from what to what, and why."""
    return Changes(changes=[_change(each) for each in routes.history(desk, person, name)])


class CanaryWanted(Body):
    """What is to be done with a canary."""

    model_config = example(variant="challenger", reason="trained on the rows of July")
    variant: str = Field(CHALLENGER, max_length=64, description="The challenger, when it is started.")
    reason: str = Field("", max_length=1000, description="Why, for the journal.")


class CanaryShown(Body):
    """Where a canary stands."""

    status: str = "success"
    action: str = Field(description="What was done: `start`, `advance`, `hold`, `back`, `done` or `status`.")
    phase: str
    percent: float
    variant: str
    champion: str
    challenger: str
    since: str
    reasons: list[str]
    todo: str = Field(description="What a person has to do now.")


@router.get("/api/ml/routes/{name}/canary", summary="A route's canary")
def canary(name: RouteName, desk: DeskOf, person: PersonOf) -> CanaryShown:
    """Where it stands, and what a step would do."""
    return _canary(routes.canary(desk, person, name))


@router.post("/api/ml/routes/{name}/canary/{action}", summary="Lead a canary")
def lead_canary(
    name: RouteName, action: routes.Action, desk: DeskOf, person: PersonOf, wanted: CanaryWanted | None = None
) -> CanaryShown:
    """Start, step or hold a canary, or send it back; `start` goes on with one that is held."""
    given = {"variant": wanted.variant, "reason": wanted.reason} if wanted else {}
    return _canary(routes.lead_canary(desk, person, name, action, **given))


def _config(shown: traffic.Shown) -> Config:
    test = shown.test
    arms = {side: test.arms[side] for side in SIDES}
    return Config(
        test_name=test.name,
        model_a_id=arms["a"].model_id,
        model_b_id=arms["b"].model_id,
        split_ratio=shown.split_ratio,
        status=shown.status,
        model_a=f"{arms['a'].model} {arms['a'].called}",
        model_b=f"{arms['b'].model} {arms['b'].called}",
        variants={side: test.variant(side) for side in SIDES},
        created_at=_time(test.created_s),
        created_by=test.made_by,
        ended_at=_time(test.ended_s) if test.ended_s else None,
        ended_by=test.ended_by,
        winner=arms[test.winner].model_id if test.winner else None,
    )


def _said(shown: traffic.Shown) -> str:
    return "" if shown.is_live else "the gateway has not followed yet; it will within a few seconds"


def _side(shown: traffic.Shown, side: Any, found: ArmFigures) -> Side:
    table = asdict(found)
    model_id, variant = shown.test.arms[side].model_id, shown.test.variant(side)
    return Side(model_id=model_id, variant=variant, **table)


def _told(found: Comparison) -> Told:
    return Told(
        significance=found.word, sentence=found.sentence, p_value=found.p_value, difference=found.difference
    )


def _route(shown: routes.Shown) -> RouteShown:
    return RouteShown(
        name=shown.name,
        model=shown.model,
        route=None if shown.route is None else Route(**shown.route),
        is_set=shown.is_set,
        remarks=list(shown.remarks),
    )


def _change(change: Change) -> ChangeShown:
    return ChangeShown(
        time=change.time.isoformat(), action=change.action, actor=change.actor, reason=change.reason,
        before=change.before, after=change.after,
    )  # fmt: skip


def _canary(outcome: Outcome) -> CanaryShown:
    state = outcome.state
    return CanaryShown(
        action=outcome.action,
        phase=state.phase,
        percent=state.percent,
        variant=state.variant,
        champion=str(state.champion),
        challenger=str(state.challenger),
        since=state.since.isoformat(),
        reasons=list(outcome.reasons),
        todo=outcome.todo,
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
