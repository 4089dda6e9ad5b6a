"""A model's route: which share of its traffic a challenger gets, and how each variant does at the moment."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from penstock.console.fields import Field, Typed
from penstock.console.model_pages import crumbs_of, may
from penstock.console.page import PageRoute
from penstock.console.route_figures import figures_of
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.people.person import Level
from penstock.problems import BadRequest, NotFound, Problem
from penstock.services import model_moves, models, routes
from penstock.services.models import Deployed

router = APIRouter(route_class=PageRoute)
CHAMPION, CHALLENGER = "champion", "challenger"
CANARY: tuple[routes.Action, ...] = ("start", "step", "hold", "back")


@router.get("/models/{name}/route")
def one(visit: VisitOf, name: str) -> Response:
    """The route."""
    return _show(visit, name)


@router.get("/models/{name}/route/live")
def live(visit: VisitOf, name: str) -> Response:
    """How each variant does at the moment."""
    return visit.part("route_live.html", **_live(visit, name, routes.get(visit.desk, visit.person, name)))


@router.post("/models/{name}/route")
def change(visit: SentOf, name: str, typed: TypedOf) -> Response:
    """Set the split, or take the route away."""
    try:
        done = _changed(visit, name, typed)
    except NotFound:
        raise
    except Problem as problem:
        return _show(visit, name, typed, problem)
    return visit.go(at("models", name, "route"), done)


@router.post("/models/{name}/canary")
def canary(visit: SentOf, name: str, typed: TypedOf) -> Response:
    """Let the challenger's share grow by itself, or hold it, or take it back."""
    action = next((each for each in CANARY if each == typed.one("action")), None)
    try:
        if action is None:
            raise BadRequest(f"a canary can be asked to {', '.join(CANARY)}, not '{typed.one('action'):.40}'")
        routes.lead_canary(visit.desk, visit.person, name, action)
    except NotFound:
        raise
    except Problem as problem:
        return _show(visit, name, typed, problem)
    return visit.go(at("models", name, "route"), "routed")


def _changed(visit: Visit, name: str, typed: Typed) -> str:
    challenger, seen = typed.one(CHALLENGER), typed.one("seen")
    shown = routes.get(visit.desk, visit.person, name)
    if not challenger:
        if shown.is_set:
            routes.clear(visit.desk, visit.person, name, reason=typed.one("reason"), expected=seen)
        return "cleared"
    share = typed.number("share", "the champion's share", 90)
    if not 0 <= share <= 100:
        raise BadRequest(f"the champion's share must be from 0 to 100 %, not {share:g}; move the slider")
    route = {
        **{key: value for key, value in (shown.route or {}).items() if key in ("shadow", "salt")},
        "variants": {
            CHAMPION: {"stage": "Production", "weight": share},
            CHALLENGER: {"version": challenger, "weight": round(100 - share, 2)},
        },
    }
    routes.put(visit.desk, visit.person, name, route, model=name, reason=typed.one("reason"), expected=seen)
    return "routed"


def _show(visit: Visit, name: str, typed: Typed | None = None, problem: Problem | None = None) -> Response:
    shown = routes.get(visit.desk, visit.person, name)
    versions = [models.of(each) for each in model_moves.of_model(visit.desk, visit.person, name, Level.READ)]
    told = _live(visit, name, shown)
    variants: Mapping[str, Any] = (shown.route or {}).get("variants", {})
    now = variants.get(CHALLENGER, {})
    return visit.page(
        "route.html",
        f"Route of {name}",
        crumbs=crumbs_of(name),
        status=problem.status if problem else 200,
        shown=shown,
        has_live=any(each.status == "production" for each in versions),
        is_plain=not variants or set(variants) <= {CHAMPION, CHALLENGER},
        challenger=Field(
            CHALLENGER,
            "Challenger",
            "choice",
            _choices(versions),
            str(now.get("version") or _staged(versions, now)),
        ),
        share=typed.one("share")
        if typed
        else f"{variants.get(CHAMPION, {}).get('weight', 100 if not now else 0):g}",
        may_change=may(visit, name, Level.EDIT),
        may_lead=bool(now),
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
        **told,
    )


def _live(visit: Visit, name: str, shown: routes.Shown) -> dict[str, Any]:
    return {"name": name, **figures_of(visit, shown)}


def _choices(versions: list[Deployed]) -> list[tuple[str, str]]:
    others = [each for each in versions if each.status in ("staged", "archived")]
    return [
        ("", "nobody: all traffic to Production"),
        *((each.number, f"{each.version} ({each.status})") for each in others),
    ]


def _staged(versions: list[Deployed], now: Mapping[str, Any]) -> str:
    """The number that a variant by its stage means."""
    if now.get("stage") != "Staging":
        return ""
    return max((each.number for each in versions if each.status == "staged"), key=int, default="")
