"""`penstock models`, `promote`, `rollback`, `history`: versions, where they are, and who moved them."""

import click

from penstock.command.asked import MODEL, as_json, desk, operator, table, tell
from penstock.people.person import Level
from penstock.services import approvals, model_moves
from penstock.services import models as services
from serving.lifecycle.stages import PRODUCTION, STAGING


@click.command()
@click.argument("name", type=MODEL, required=False, default="")
@click.option("--status", default="", help="Only these: training, staged, production or archived.")
@as_json
def models(name: str, status: str, *, is_json: bool) -> None:
    """List the versions of all models, or of one."""
    found = services.deployed(desk(), operator(), name=name, status=status)
    rows = [
        (each.name, each.version, each.status, each.algorithm, _score(each), each.created_at[:16])
        for each in found
    ]
    head = ("model", "version", "status", "algorithm", "score", "made")
    nothing = [
        f"no version of '{name}' is registered"
        if name
        else "no model is registered; penstock train makes one"
    ]
    tell(found, table(head, rows) if rows else nothing, is_json=is_json)


@click.command()
@click.argument("name", type=MODEL)
@click.argument("version")
@click.option("--to", type=click.Choice([PRODUCTION, STAGING], case_sensitive=False), default=PRODUCTION)
@click.option("--comment", default="", help="Why; stands in the journal.")
@click.option("--force", is_flag=True, help="Although the version's gate failed.")
@as_json
def promote(name: str, version: str, to: str, comment: str, *, force: bool, is_json: bool) -> None:
    """Move a version to Production, or to Staging.

    VERSION is your own, such as 1.0.0, or the registry's number. Where the model's policy asks for a second
    person, the promotion is put before them; `penstock approvals` shows it.
    """
    here, person = desk(), operator()
    held = model_moves.called(model_moves.of_model(here, person, name, Level.EDIT), name, version)
    if to == PRODUCTION and approvals.needed(here, name):
        asked = approvals.ask(here, person, name, held.number, comment=comment, force=force)
        more = asked.people - 1
        told = (
            f"asked for: {more} more must agree; they do by 'penstock approvals approve {asked.request_id}'"
        )
        tell(asked, [told], is_json=is_json)
        return
    moved = model_moves.promote(here, person, held.model_id, to=to, reason=comment, force=force)
    tell(moved, [moved.message], is_json=is_json)


@click.command()
@click.argument("name", type=MODEL)
@click.option("--to-version", default="", help="To this one, which once was in Production.")
@click.option("--comment", default="", help="Why; stands in the journal.")
@as_json
def rollback(name: str, to_version: str, comment: str, *, is_json: bool) -> None:
    """Go back to the version that was in Production before; again to go further back."""
    moved = model_moves.rollback(desk(), operator(), name, to_version, reason=comment)
    tell(moved, [moved.message], is_json=is_json)


@click.command()
@click.argument("name", type=MODEL)
@as_json
def history(name: str, *, is_json: bool) -> None:
    """Who moved which version of a model, when and why."""
    moves = model_moves.history(desk(), operator(), name)
    rows = [
        (
            each.time[:19],
            each.version,
            f"{each.from_status} -> {each.to_status}",
            each.action,
            each.actor,
            each.reason,
        )
        for each in moves
    ]
    head = ("time (UTC)", "version", "move", "action", "by", "why")
    tell(moves, table(head, rows) if rows else [f"no version of '{name}' was ever moved"], is_json=is_json)


def _score(each: services.Deployed) -> str:
    name, value = next(iter(each.metrics.items()), ("", 0.0))
    return f"{name} {value:.4g}" if name else ""
