"""A/B tests: two versions share the requests for one name; the split, how each side does, and the end."""

from fastapi import APIRouter, Response

from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.people.person import Level
from penstock.problems import NotFound, Problem
from penstock.services import models, traffic
from penstock.services.models import Deployed

router = APIRouter(route_class=PageRoute)
CRUMBS = [("A/B tests", "/tests")]
MOST = 500


@router.get("/tests")
def index(visit: VisitOf, ended: str = "") -> Response:
    """The tests under way, or those that have ended."""
    found = traffic.listed(visit.desk, visit.person, is_ended=bool(ended))
    return visit.page("tests.html", "A/B tests", tests=found[:200], is_ended=bool(ended))


@router.get("/tests/new")
def new(visit: VisitOf, a: str = "", b: str = "") -> Response:
    """The form for one."""
    return _new(visit, given={"model_a_id": a, "model_b_id": b})


@router.post("/tests/new")
def begin(visit: SentOf, typed: TypedOf) -> Response:
    """Begin it."""
    try:
        traffic.set_up(
            visit.desk,
            visit.person,
            model_a_id=typed.one("model_a_id"),
            model_b_id=typed.one("model_b_id"),
            test_name=typed.one("test_name"),
            split_ratio=typed.number("share", "the share of A", 50) / 100,
        )
    except Problem as problem:
        return _new(visit, typed=typed, problem=problem)
    return visit.go(at("tests", typed.one("test_name")), "test")


@router.get("/tests/{name}")
def one(visit: VisitOf, name: str) -> Response:
    """A test."""
    return _show(visit, name)


@router.get("/tests/{name}/live")
def live(visit: VisitOf, name: str) -> Response:
    """How each side does at the moment."""
    return visit.part("test_live.html", **_figures(visit, name))


@router.post("/tests/{name}/split")
def split(visit: SentOf, name: str, typed: TypedOf) -> Response:
    """Change the split."""
    try:
        ratio = typed.number("share", "the share of A", 50) / 100
        traffic.change_split(visit.desk, visit.person, name, ratio, expected=typed.one("seen"))
    except NotFound:
        raise
    except Problem as problem:
        return _show(visit, name, typed, problem)
    return visit.go(at("tests", name), "split")


@router.get("/tests/{name}/end")
def confirm(visit: VisitOf, name: str) -> Response:
    """What the end means."""
    return _end(visit, name)


@router.post("/tests/{name}/end")
def end(visit: SentOf, name: str, typed: TypedOf) -> Response:
    """End it."""
    try:
        traffic.end(visit.desk, visit.person, name, winner=typed.one("winner"))
    except Problem as problem:
        return _end(visit, name, typed, problem)
    return visit.go(at("tests", name), "ended")


def _new(
    visit: Visit,
    *,
    given: dict[str, str] | None = None,
    typed: Typed | None = None,
    problem: Problem | None = None,
) -> Response:
    known = given or {}
    found = [each for each in models.deployed(visit.desk, visit.person) if each.status != "training"][:MOST]
    versions = [(each.model_id, f"{each.name} {each.version} ({each.status})") for each in found]
    a, b = _pair(found)
    fields = (
        Field(
            "test_name",
            "Name",
            is_required=True,
            hint="What callers are to name: letters, digits, '_', '.' and '-'.",
        ),
        Field("model_a_id", "A", "choice", versions, known.get("model_a_id", "") or a),
        Field("model_b_id", "B", "choice", versions, known.get("model_b_id", "") or b),
    )
    return visit.page(
        "test_new.html",
        "New A/B test",
        crumbs=CRUMBS,
        status=problem.status if problem else 200,
        fields=fields,
        is_possible=len(versions) > 1,
        share=typed.one("share") if typed else "50",
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
    )


def _pair(found: list[Deployed]) -> tuple[str, str]:
    """The two versions to begin with: of one model where one has two, what is in production first."""
    named: dict[str, list[Deployed]] = {}
    for each in found:
        named.setdefault(each.name, []).append(each)
    pair = next((mine for mine in named.values() if len(mine) > 1), found)
    pair = sorted(pair, key=lambda each: each.status != "production")[:2]
    return (pair[0].model_id, pair[1].model_id) if len(pair) == 2 else ("", "")


def _show(visit: Visit, name: str, typed: Typed | None = None, problem: Problem | None = None) -> Response:
    told = _figures(visit, name)
    test = told["shown"].test  # type: ignore[attr-defined]
    rights, person = visit.desk.rights, visit.person
    may = all(rights.level(person, "registered_model", model) >= Level.EDIT for model in test.models)
    return visit.page(
        "test.html",
        f"A/B test {name}",
        crumbs=CRUMBS,
        status=problem.status if problem else 200,
        may_change=may,
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
        **told,
    )


def _figures(visit: Visit, name: str) -> dict[str, object]:
    shown = traffic.get(visit.desk, visit.person, name)
    return {"shown": shown, "name": name, "figures": traffic.figures(visit.desk, visit.person, name)}


def _end(visit: Visit, name: str, typed: Typed | None = None, problem: Problem | None = None) -> Response:
    shown = traffic.get(visit.desk, visit.person, name)
    sides = [(side, f"{side.upper()}: {arm.model} {arm.called}") for side, arm in shown.test.arms.items()]
    fields = (Field("winner", "Promote to Production", "choice", [("", "neither"), *sides]),)
    return visit.form(
        f"End the A/B test {name}",
        fields,
        send="End it",
        crumbs=[*CRUMBS, (name, at("tests", name))],
        typed=typed,
        problem=problem,
        intro="Its name is called no more. The versions stay as they are, but for the one that you promote.",
        back=at("tests", name),
        is_grave=True,
    )
