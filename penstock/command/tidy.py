"""`penstock tidy`: tells what nothing uses any more, and removes it when asked to."""

import time

import click

from penstock.audit.trail import Event
from penstock.backup.places import ARTIFACTS, places_of
from penstock.backup.rooms import FolderRoom
from penstock.command.asked import as_json, desk, operator, table, tell
from penstock.command.backup import ARTIFACTS as ARTIFACTS_OPTION
from penstock.command.backup import MLFLOW
from penstock.tidying.named import named
from penstock.tidying.removing import remove
from penstock.tidying.unused import DAY_S, WORDS, still_unused, unknown_jobs, unused


@click.command()
@click.option(
    "--older-than",
    "days",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0.0),
    help="Only what nothing has touched for so many days.",
)
@click.option("--apply", "is_applied", is_flag=True, help="Remove it; without this it is told only.")
@MLFLOW
@ARTIFACTS_OPTION
@as_json
def tidy(days: float, mlflow_database: str, artifacts: str, *, is_applied: bool, is_json: bool) -> None:
    """Find artefacts that nothing uses any more, and with --apply remove them.

    Never touched is what a registered version in any stage names, what runs and jobs made and nobody has
    deleted, and what MLflow does not call its own.
    """
    here = desk()
    places = places_of(here.settings, mlflow_database=mlflow_database, artifacts=artifacts)
    mlflow, room = places.databases[0], places.rooms[ARTIFACTS]
    jobs = FolderRoom(here.settings.jobs_dir.absolute())
    now_s = time.time()
    told = named(here.database, now_s - days * DAY_S)
    found = unused(mlflow, room, named=told, now_s=now_s, older_than_days=days, is_for_removal=is_applied)
    found += unknown_jobs(jobs, told.jobs, now_s=now_s, older_than_days=days)
    size_bytes = sum(find.size_bytes for find in found)
    if is_applied and found:
        event = Event("storage.tidy", f"{len(found)} finds", details={"bytes": size_bytes, "days": days})
        with here.trail.doing(operator(), event) as more:
            # What was found long after the first of it was looked at may be somebody's by now.
            told = named(here.database, now_s - days * DAY_S)
            idle = [find for find in found if find.kind == "job" and find.name not in told.jobs]
            found = still_unused(found, mlflow, named=told, now_s=now_s, older_than_days=days) + idle
            more["names"] = [f"{find.kind} {find.name}" for find in found][:1000]
            size_bytes = remove(found, mlflow, room, jobs, tracking_uri=here.settings.tracking_uri)
    rows = [(WORDS[find.kind], find.name, f"{find.size_bytes / 1e6:.1f} MB") for find in found]
    done = "removed" if is_applied else "can go; --apply removes it"
    last = f"{size_bytes / 1e6:.1f} MB in {len(found)} finds {done}" if found else "there is nothing to tidy"
    lines = [*(table(("what", "which", "size"), rows) if rows else []), last]
    said = {"applied": is_applied, "finds": [vars_of(find) for find in found], "bytes": size_bytes}
    tell(said, lines, is_json=is_json)


def vars_of(find: object) -> dict[str, object]:
    """A find as JSON: without the list of its files."""
    return {name: getattr(find, name) for name in ("kind", "name", "size_bytes")}
