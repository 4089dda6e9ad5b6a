"""`penstock backup`: make back-ups, look whether they are whole, restore one."""

from datetime import UTC, datetime

import click

from penstock.backup import manifest as manifests
from penstock.backup.create import Say
from penstock.backup.create import create as make
from penstock.backup.manifest import Damaged, Manifest
from penstock.backup.places import places_of
from penstock.backup.restore import restore as bring_back
from penstock.backup.rooms import Room, room_at
from penstock.backup.verify import faults
from penstock.command.asked import as_json, table, tell
from serving.settings import ACCOUNTS_VARIABLE, load

MLFLOW = click.option(
    "--mlflow-database",
    envvar="MLFLOW_BACKEND_STORE_URI",
    default="",
    help="MLflow's --backend-store-uri; by default the local stack's.",
)
ACCOUNTS = click.option(
    "--accounts-database",
    envvar=ACCOUNTS_VARIABLE,
    default="",
    help="MLflow's users, where they are not in its database; by default the local stack's.",
)
ARTIFACTS = click.option(
    "--artifacts",
    envvar="MLFLOW_ARTIFACTS_DESTINATION",
    default="",
    help="MLflow's --artifacts-destination, a folder or s3://...; by default the local stack's.",
)
SECRETS = click.option(
    "--with-secrets",
    is_flag=True,
    help="Penstock's own secrets and sessions, and the files in the var folder's 'secrets', too.",
)
WHICH = click.option("--id", "backup_id", default="", help="Which back-up; by default the newest.")


@click.group()
def backup() -> None:
    """Back-ups of databases, artefacts, prediction logs, audit heads, uploads and reports."""


@backup.command()
@click.argument("place")
@MLFLOW
@ACCOUNTS
@ARTIFACTS
@SECRETS
@click.option("--portable", is_flag=True, help="Tables as rows, to move from SQLite to PostgreSQL or back.")
@as_json
def create(place: str, *, with_secrets: bool, portable: bool, is_json: bool, **elsewhere: str) -> None:
    """Make a back-up in PLACE, a folder or s3://bucket/prefix, while the stack runs.

    What did not change since an earlier back-up in PLACE is not written again.
    """
    made = make(
        places_of(load(), with_secrets=with_secrets, **elsewhere),
        _room(place),
        now=datetime.now(UTC),
        say=_say(is_json=is_json),
        with_secrets=with_secrets,
        is_portable=portable,
    )
    told = {"id": made.backup_id, "files": made.files, "bytes": made.size_bytes, "remarks": made.remarks}
    last = f"{made.backup_id}: {made.files} files, {made.size_bytes / 1e6:.1f} MB"
    tell(told, [last, *(f"note: {remark}" for remark in made.remarks)], is_json=is_json)


@backup.command()
@click.argument("place")
@MLFLOW
@ACCOUNTS
@ARTIFACTS
@SECRETS
@WHICH
@as_json
def restore(place: str, backup_id: str, *, with_secrets: bool, is_json: bool, **elsewhere: str) -> None:
    """Bring a back-up from PLACE into the settings' places, which must be empty; the stack is down."""
    room = _room(place)
    found = manifests.load(room, backup_id)
    there = places_of(load(), with_secrets=with_secrets, **elsewhere)
    bring_back(room, found, there, say=_say(is_json=is_json))
    last = f"restored {found.backup_id}; start the stack, then look at 'penstock audit verify'"
    tell({"id": found.backup_id}, [last], is_json=is_json)


@backup.command()
@click.argument("place")
@WHICH
@as_json
def verify(place: str, backup_id: str, *, is_json: bool) -> int:
    """Read all back-ups in PLACE, or one; exit code 1 where one is not whole."""
    room = _room(place)
    wanted = [manifests.load(room, backup_id)] if backup_id else list(manifests.each(room))
    # Where there is none, somebody who looks every night must hear of it.
    wanted = wanted or [manifests.load(room)]
    found = list(faults(room, wanted))
    whole = f"{len(wanted)} back-ups are whole"
    tell({"backups": len(wanted), "faults": found}, found or [whole], is_json=is_json)
    return 1 if found else 0


@backup.command(name="list")
@click.argument("place")
@as_json
def listed(place: str, *, is_json: bool) -> None:
    """List the back-ups in PLACE, the oldest first."""
    found = list(manifests.each(_room(place)))
    lines = table(("back-up", "made", "files", "size"), [_row(each) for each in found])
    lines += [f"{each.backup_id}: {each.why}" for each in found if isinstance(each, Damaged)]
    tell([_shown(each) for each in found], lines, is_json=is_json)


def _row(found: Manifest | Damaged) -> tuple[object, ...]:
    if isinstance(found, Damaged):
        return found.backup_id, "-", "-", "-"
    return found.backup_id, found.made_at, found.files, f"{found.size_bytes / 1e6:.1f} MB"


def _shown(found: Manifest | Damaged) -> dict[str, object]:
    if isinstance(found, Damaged):
        return {"id": found.backup_id, "fault": found.why}
    return {"id": found.backup_id, "files": found.files, "bytes": found.size_bytes}


def _room(place: str) -> Room:
    return room_at(place, load().s3_encryption, is_private=True)


def _say(*, is_json: bool) -> Say:
    return (lambda _: None) if is_json else click.echo
