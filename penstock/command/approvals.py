"""`penstock approvals`: promotions that wait for another person, and the answers to them."""

import click

from penstock.command.asked import MODEL, as_json, desk, operator, table, tell
from penstock.services import approvals as services


@click.group()
def approvals() -> None:
    """Promotions that need a second person: list, approve or reject them."""


@approvals.command("list")
@click.option("--model", type=MODEL, default="", help="Only of this model.")
@click.option("--all", "is_all", is_flag=True, help="Also those that are over.")
@as_json
def listed(model: str, *, is_all: bool, is_json: bool) -> None:
    """List the promotions that wait."""
    found = services.listed(desk(), operator(), model=model, states=() if is_all else ("open",))
    rows = [
        (each.request_id, each.model, each.version, each.state, each.asked_by, each.comment) for each in found
    ]
    head = ("request", "model", "version", "state", "asked by", "why")
    tell(found, table(head, rows) if rows else ["nothing waits for an approval"], is_json=is_json)


@approvals.command()
@click.argument("request_id")
@click.option("--comment", default="", help="Stands in the journal.")
@as_json
def approve(request_id: str, comment: str, *, is_json: bool) -> None:
    """Agree to a promotion that somebody else asked for; the last one needed carries it out."""
    done = services.approve(desk(), operator(), request_id, comment=comment)
    tell(done, [f"version {done.version} of '{done.model}': {done.state}"], is_json=is_json)


@approvals.command()
@click.argument("request_id")
@click.option("--comment", required=True, help="Why not.")
@as_json
def reject(request_id: str, comment: str, *, is_json: bool) -> None:
    """Refuse a promotion that somebody else asked for."""
    done = services.reject(desk(), operator(), request_id, comment=comment)
    tell(done, [f"version {done.version} of '{done.model}': {done.state}"], is_json=is_json)
