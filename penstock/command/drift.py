"""`penstock drift`: what the monitor has found of a model's traffic."""

import time

import click

from penstock.command.asked import MODEL, as_json, desk, operator, table, tell
from penstock.services import watching

HEAD = ("version", "variant", "until (UTC)", "rows", "drifted columns", "drift")


@click.command()
@click.argument("name", type=MODEL)
@as_json
def drift(name: str, *, is_json: bool) -> None:
    """How far a model's newest windows of traffic lie from its training data."""
    found = watching.drift(desk(), operator(), name)
    rows = [(each.version, each.variant, *cells(each.newest)) for each in found.watched]
    shown = table(HEAD, rows) if rows else []
    note = [found.note] if found.note else []
    links = [f"{where}: {url}" for where, url in found.links.items()]
    tell(found, [found.verdict.sentence, *note, *shown, *links], is_json=is_json)


def cells(window: watching.Window) -> tuple[str, int, str, str]:
    """When a window ended, its rows, the share of columns that drifted, and whether that alarms."""
    until = time.strftime("%Y-%m-%d %H:%M", time.gmtime(window.until_s))
    if window.drift_share is None:
        return until, window.rows, "-", window.note or "not compared"
    return until, window.rows, f"{window.drift_share:.0%}", "yes" if window.is_drifted else "no"
