"""`penstock route`: who answers for a name, and with which share of the traffic."""

import json

import click

from penstock.command.asked import MODEL, as_json, desk, operator, tell
from penstock.problems import BadRequest
from penstock.services import routes

EXAMPLE = "champion=Production:90"


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
    "--variant", "variants", multiple=True, required=True, metavar="NAME=STAGE:PERCENT",
    help=f"Such as {EXAMPLE}; a number in place of the stage pins a version. Once for each variant.",
)  # fmt: skip
@click.option("--comment", default="", help="Why; stands in the journal.")
@as_json
def put(name: str, variants: tuple[str, ...], comment: str, *, is_json: bool) -> None:
    """Split a model's traffic; the percents sum to 100."""
    here, person = desk(), operator()
    before = routes.get(here, person, name).route or {}
    wanted = {"variants": dict(_variant(text) for text in variants)}
    salt = {"salt": before["salt"]} if before.get("salt") else {}
    done = routes.put(here, person, name, {**salt, **wanted}, reason=comment)
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


def _told(shown: routes.Shown) -> str:
    variants = (shown.route or {}).get("variants", {})
    parts = [f"{name} {_what(each)} {each['weight']:g} %" for name, each in variants.items()]
    return ", ".join(parts) or "no variant"


def _what(variant: dict[str, object]) -> str:
    return f"version {variant['version']}" if "version" in variant else str(variant.get("stage", ""))


def _variant(text: str) -> tuple[str, dict[str, object]]:
    name, equals, rest = text.partition("=")
    what, colon, share = rest.rpartition(":")
    try:
        weight = json.loads(share)
    except ValueError:
        weight = None
    if (
        not (name and equals and what and colon)
        or isinstance(weight, bool)
        or not isinstance(weight, int | float)
    ):
        raise BadRequest(f"a variant is NAME=STAGE:PERCENT, such as {EXAMPLE}, not '{text:.80}'; write it so")
    return name, ({"version": what} if what.isdecimal() else {"stage": what}) | {"weight": weight}
