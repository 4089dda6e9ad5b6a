"""`penstock route`: who answers for a name, and with which share of the traffic."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from penstock.command.asked import MODEL, as_json, desk, operator, tell
from penstock.services import routes
from penstock.services.told import as_problems
from serving.routes.flags import route_text

EXAMPLE = "champion=Production:90"
PINNED = "a number in place of the stage pins a version, MODEL/ before it names another model"


@click.group()
def route() -> None:
    """Show and split the traffic of a model."""


@route.command()
@click.argument("name", type=MODEL, required=False, default="")
@as_json
def show(name: str, *, is_json: bool) -> None:
    """Show a route, or all of them."""
    here, person = desk(), operator()
    found = [routes.get(here, person, name)] if name else routes.listed(here, person)
    lines = [f"{each.name}: {_told(each)}" for each in found]
    tell(found, lines or ["there is no model to route to; penstock train makes one"], is_json=is_json)


@route.command("set")
@click.argument("name", type=MODEL)
@click.option(
    "--variant", "variants", multiple=True, required=True, metavar="NAME=TARGET:PERCENT",
    help=f"Such as {EXAMPLE}; {PINNED}. Once for each variant.",
)  # fmt: skip
@click.option("--comment", default="", help="Why; stands in the journal.")
@as_json
def put(name: str, variants: tuple[str, ...], comment: str, *, is_json: bool) -> None:
    """Split a model's traffic; the percents sum to 100. Shadows stay."""
    here, person = desk(), operator()
    before = routes.get(here, person, name).route or {}
    done = routes.put(here, person, name, split(variants, before), reason=comment)
    tell(done, [f"{done.name}: {_told(done)}"], is_json=is_json)


@route.command()
@click.argument("name", type=MODEL)
@click.option("--comment", default="", help="Why; stands in the journal.")
@as_json
def clear(name: str, comment: str, *, is_json: bool) -> None:
    """Give all traffic back to the version in Production."""
    routes.clear(desk(), operator(), name, reason=comment)
    tell(
        {"route": name, "status": "cleared"},
        [f"'{name}' answers with its version in Production"],
        is_json=is_json,
    )


@route.command()
@click.argument("name", type=MODEL)
@click.argument("action", type=click.Choice(["show", "start", "step", "hold", "back"]), default="show")
@click.option("--comment", default="", help="Why; stands in the journal.")
@as_json
def canary(name: str, action: str, comment: str, *, is_json: bool) -> None:
    """Lead a challenger through the policy's percents; each step advances, holds or goes back."""
    here, person = desk(), operator()
    if action == "show":
        done = routes.canary(here, person, name)
    else:
        done = routes.lead_canary(here, person, name, action, reason=comment)  # type: ignore[arg-type]
    tell(
        done,
        [f"{done.action}: {'; '.join(done.reasons)}", *([done.todo] if done.todo else [])],
        is_json=is_json,
    )


def split(variants: Sequence[str], before: Mapping[str, Any]) -> dict[str, Any]:
    """The route that flags ask for.

    Args:
        variants: As `serving.routes.flags` reads them.
        before: The route until now, whose shadows and whose dealing out of users stay.

    Raises:
        BadRequest: A flag cannot be read.
    """
    with as_problems():
        wanted: dict[str, Any] = json.loads(route_text(variants, (), salt=before.get("salt"), before=None))
    return wanted | ({"shadow": before["shadow"]} if before.get("shadow") else {})


def _told(shown: routes.Shown) -> str:
    variants = (shown.route or {}).get("variants", {})
    parts = [f"{name} {_what(shown, each)} {each['weight']:g} %" for name, each in variants.items()]
    return ", ".join(parts) or "no variant"


def _what(shown: routes.Shown, variant: Mapping[str, object]) -> str:
    """A variant's version or stage, with its model where the route is not called by that."""
    told = f"version {variant['version']}" if "version" in variant else str(variant.get("stage", ""))
    model = variant.get("model", shown.model)
    return told if model == shown.name else f"{model} {told}"
