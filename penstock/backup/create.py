"""A back-up is made: each content is kept once under its digest, and the manifest is written last."""

import errno
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from penstock.backup import manifest as manifests
from penstock.backup.databases import DELETED_VERSION, Place, dump
from penstock.backup.manifest import Item, Manifest, object_name
from penstock.backup.places import ARTIFACTS, SECRETS, Places
from penstock.backup.rooms import Entry, Room
from penstock.problems import Away, BadRequest, NoRoom
from serving.lifecycle.engines import engine_of
from serving.prediction_log.bucket import sha256_of

Say = Callable[[str], None]
PASSES = 5
"""How often a folder is looked at again whose files were replaced while they were read."""
DATABASES = "databases"
_SCHEME = "mlflow-artifacts:/"
_LEFT_OUT = (
    "secrets and sessions were left out: after a restore people sign in again, and user keys in old "
    "prediction logs are found by nobody (--with-secrets takes them along)"
)

_NO_ACCOUNTS = "MLflow's accounts are not in it; name them with --accounts-database"


def create(
    places: Places,
    room: Room,
    *,
    now: datetime,
    say: Say,
    with_secrets: bool = False,
    is_portable: bool = False,
) -> Manifest:
    """Back an installation up while it runs.

    Args:
        places: What.
        room: Where to.
        now: The time, in UTC.
        say: Told what is done.
        with_secrets: Whether Penstock's own secrets, sessions and the accounts' files go along.
        is_portable: Whether another kind of database is to take the tables.

    Raises:
        BadRequest: A database is not there, or not MLflow's.
        NoRoom: The disk is full; what was there before is whole.
        Away: Something does not answer.
    """
    with _told(room), room.scratch() as scratch:
        work = _Work(room, scratch, say)
        early = {part: work.folder(part, source) for part, source in places.early.items()}
        wanted = _versions(places.databases[0])
        kinds: dict[str, str] = {}
        items = []
        for place in places.databases:
            if place.name == "accounts" and place.url == places.databases[0].url:
                continue  # they are in MLflow's own
            if place.name == "accounts" and not place.is_there():
                work.remarks.append(_NO_ACCOUNTS)
                continue
            file = scratch / f"{place.name}.dump"
            kinds[place.name] = dump(place, file, with_secrets=with_secrets, is_portable=is_portable)
            items.append(work.keep(place.name, file))
            say(f"{DATABASES}: {place.shown()} ({kinds[place.name]})")
        late = {part: work.folder(part, source) for part, source in places.late.items()}
        made = Manifest(
            backup_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            made_at=now.isoformat(timespec="seconds"),
            versions=_of_programs(),
            kinds=kinds,
            parts={**early, DATABASES: tuple(items), **late},
            remarks=(
                *_without(late, with_secrets=with_secrets),
                *work.remarks,
                *_lacking(wanted, late.get(ARTIFACTS, ())),
            ),
        )
        # What the manifest promises must be on the disk before it is.
        os.sync()
        manifests.put(room, scratch, made)
    return made


class _Work:
    """What is there already, and what comes."""

    def __init__(self, room: Room, scratch: Path, say: Say) -> None:
        self._room, self._scratch, self._say = room, scratch, say
        self.remarks: list[str] = []
        self._there = {entry.path: entry.size_bytes for entry in room.entries(manifests.OBJECTS)}
        before = self._newest()
        self._before = {
            (part, item.path, item.stamp): item
            for part, items in (before.parts if before else {}).items()
            for item in items
            if self._there.get(object_name(item.sha256)) == item.size_bytes
        }

    def _newest(self) -> Manifest | None:
        """The back-up before this one, which saves reading again what did not change."""
        known = manifests.ids(self._room)
        try:
            return manifests.load(self._room, known[-1]) if known else None
        except BadRequest as error:
            self._say(f"all is read anew: {error}")
            return None

    def folder(self, part: str, source: Room) -> tuple[Item, ...]:
        """All files of a part; those that were replaced meanwhile are looked for under their new names."""
        found: dict[str, Item] = {}
        read = 0
        for _ in range(PASSES):
            gone = 0
            entries = {entry.path: entry for entry in source.entries()}
            strange = [path for path in entries if not manifests.is_sound(path)]
            for path in strange:
                del entries[path]
            # What a first pass has read and a later one does not find was replaced by what it does find.
            found = {path: item for path, item in found.items() if path in entries}
            for path, entry in entries.items():
                if path in found:
                    continue
                item = self._before.get((part, path, entry.stamp))
                if item is None:
                    item = self._read(source, entry)
                    read += item is not None
                if item is None:
                    gone += 1
                else:
                    found[path] = item
            if not gone:
                break
        if gone:
            self.remarks.append(
                f"{part}: files went away faster than they were read; {gone} of the last look are not in it"
            )
        self.remarks += [f"{part}: {path!r} is not in it, as no folder holds such a name" for path in strange]
        self._say(f"{part}: {len(found)} files, {read} of them new or changed")
        return tuple(found[path] for path in sorted(found))

    def _read(self, source: Room, entry: Entry) -> Item | None:
        file = self._scratch / "file"
        try:
            source.fetch(entry.path, file)
        except FileNotFoundError:
            return None
        return replace(self.keep(entry.path, file), stamp=entry.stamp)

    def keep(self, path: str, file: Path) -> Item:
        """Keep a content, if it is not there."""
        sha256, size_bytes = sha256_of(file), file.stat().st_size
        name = object_name(sha256)
        if self._there.get(name) == size_bytes:
            file.unlink()
        else:
            self._room.put(name, file, sha256)
            self._there[name] = size_bytes
        return Item(path, sha256, size_bytes)


def _versions(place: Place) -> list[tuple[str, str]]:
    """Each registered version with the folder of its artefacts, where MLflow's server serves it."""
    columns = ("name", "version", "storage_location", "current_stage")
    table = sa.table("model_versions", *(sa.column(each) for each in columns))
    told = (
        f"{place.shown()} holds no MLflow; name its database by --mlflow-database or MLFLOW_BACKEND_STORE_URI"
    )
    # SQLite would make the file that it is asked for.
    if not place.is_there():
        raise BadRequest(told)
    try:
        if table.name not in place.tables():
            raise BadRequest(told)
        with engine_of(place.url).connect() as connection:
            rows = connection.execute(sa.select(table)).all()
    except sa.exc.SQLAlchemyError as error:
        raise Away(f"{place.shown()} could not be read; see that it runs and is MLflow's") from error
    return [
        (f"'{row.name}' version {row.version}", row.storage_location.removeprefix(_SCHEME).strip("/"))
        for row in rows
        # MLflow keeps the row of a deleted version, whose artefacts may have been tidied away.
        if (row.storage_location or "").startswith(_SCHEME) and row.current_stage != DELETED_VERSION
    ]


def _lacking(wanted: list[tuple[str, str]], artifacts: tuple[Item, ...]) -> list[str]:
    paths = sorted(item.path for item in artifacts)
    folders = {path.rpartition("/")[0] for path in paths}
    whole = {"/".join(folder.split("/")[:depth]) for folder in folders for depth in range(1, 9)}
    return [f"{version} has no artefacts" for version, folder in wanted if folder not in whole]


def _without(late: Mapping[str, object], *, with_secrets: bool) -> list[str]:
    if with_secrets or SECRETS in late:
        return []
    return [_LEFT_OUT]


def _of_programs() -> dict[str, str]:
    from importlib.metadata import version

    from serving.lifecycle import schema

    return {"tables": schema.NEWEST, "mlflow": version("mlflow")}


@contextmanager
def _told(room: Room) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(
                f"the disk of '{room.place}' is full, and this back-up was given up; those made before are "
                "whole; make room, and try again"
            ) from error
        raise Away(f"the back-up was given up: {error}; see that '{room.place}' can be written to") from error
