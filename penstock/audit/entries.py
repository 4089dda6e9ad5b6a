"""All that is known of who did what: the audit trail, and the journals of moves and routes beside it.

The journals hold what was done elsewhere, too: by the MLflow UI, by commands on the machine, by the monitor.
Each entry says which of them it is from.
"""

import heapq
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from penstock.audit.trail import ENTRIES
from serving.lifecycle import journal as _journal  # noqa: F401 - its table is read
from serving.lifecycle import route_journal as _route_journal  # noqa: F401 - its table is read
from serving.lifecycle.database import METADATA, Database

AUDIT, LIFECYCLE, ROUTES = "audit", "lifecycle", "routes"
SOURCES = (AUDIT, LIFECYCLE, ROUTES)
ROWS_AT_ONCE = 2_000
_MOVES = METADATA.tables["penstock_journal"]
_CHANGES = METADATA.tables["penstock_route_journal"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that somebody did.

    Attributes:
        source: `audit`, `lifecycle` or `routes`.
        sequence: Its number there.
        time: When, in UTC, as ISO text.
        actor: Who.
        address: From where; empty where that is not known.
        action: What, a name of `actions.ACTIONS`, or a journal's own: `promote`, `external`, `set` ...
        project: `owner/name`; empty where it is about none, or where nobody said.
        subject: What it was done to.
        outcome: `done`, `refused`, `failed` or `begun`.
        details: More.
        previous_sha256: The hash of the entry before.
        sha256: Its hash.
    """

    source: str
    sequence: int
    time: str
    actor: str
    address: str
    action: str
    project: str
    subject: str
    outcome: str
    details: dict[str, Any]
    previous_sha256: str
    sha256: str

    @property
    def place(self) -> "Place":
        """Where it stands among all."""
        return Place(self.time, self.source, self.sequence)


class Place(NamedTuple):
    """Where an entry stands among all: by time, then by source and number."""

    time: str
    source: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is empty asks for all.

    Attributes:
        actor: Of this user, and of keys that speak for them.
        action: Of this action, or of all that begin so, as `model.` does.
        project: About this project, `owner/name`.
        subject: With this text in what it was done to.
        outcome: With this outcome.
        sources: Of these.
        since: From this time on, aware.
        until: Before this time, aware.
    """

    actor: str = ""
    action: str = ""
    project: str = ""
    subject: str = ""
    outcome: str = ""
    sources: Collection[str] = SOURCES
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody may see of it all.

    Attributes:
        is_all: Everything.
        user: Their own.
        projects: All about these projects.
        models: The journals of these registered models.
    """

    is_all: bool
    user: str = ""
    projects: Sequence[str] = ()
    models: Sequence[str] = ()


def page(
    database: Database, wanted: Wanted, seen: Seen, *, before: Place | None = None, most: int = 50
) -> list[Entry]:
    """Some entries, newest first.

    Args:
        database: Where they are.
        wanted: Which.
        seen: What the person may see.
        before: Only those behind this place of an earlier page.
        most: At most so many.

    Raises:
        LifecycleError: The database cannot be read.
    """
    found: list[Entry] = []
    for source in wanted.sources:
        which, order = _which(source, wanted, seen), _order(source)
        if before is not None:
            which = sa.and_(which, _beyond(source, before, is_newer=False))
        query = sa.select(_table(source)).where(which).order_by(*[each.desc() for each in order]).limit(most)
        with database.begin(is_read_only=True) as connection:
            found += [_entry(source, dict(row)) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda entry: entry.place, reverse=True)[:most]


def stream(database: Database, wanted: Wanted, seen: Seen) -> Iterator[Entry]:
    """All entries, oldest first, in bounded memory.

    Raises:
        LifecycleError: The database cannot be read.
    """
    streams = [_one(database, source, wanted, seen) for source in wanted.sources]
    return heapq.merge(*streams, key=lambda entry: entry.place)


def _one(database: Database, source: str, wanted: Wanted, seen: Seen) -> Iterator[Entry]:
    query = sa.select(_table(source)).where(_which(source, wanted, seen))
    query = query.order_by(*_order(source)).limit(ROWS_AT_ONCE)
    after: Place | None = None
    while True:
        further = query if after is None else query.where(_beyond(source, after, is_newer=True))
        with database.begin(is_read_only=True) as connection:
            found = [_entry(source, dict(row)) for row in connection.execute(further).mappings()]
        yield from found
        if len(found) < ROWS_AT_ONCE:
            return
        after = found[-1].place


def _table(source: str) -> sa.Table:
    return {AUDIT: ENTRIES, LIFECYCLE: _MOVES, ROUTES: _CHANGES}[source]


def _order(source: str) -> tuple[sa.Column[Any], sa.Column[Any]]:
    table = _table(source)
    return table.c.time, table.c.sequence


def _beyond(source: str, place: Place, *, is_newer: bool) -> sa.ColumnElement[bool]:
    """Those before or behind a place, which may be another source's."""
    time, sequence = _order(source)
    if is_newer:
        same = sequence > place.sequence if source == place.source else sa.literal(source > place.source)
        return (time > place.time) | ((time == place.time) & same)
    same = sequence < place.sequence if source == place.source else sa.literal(source < place.source)
    return (time < place.time) | ((time == place.time) & same)


def _which(source: str, wanted: Wanted, seen: Seen) -> sa.ColumnElement[bool]:
    table = _table(source)
    conditions = [_visible(source, seen)]
    if wanted.actor:
        conditions.append(_is_of(table.c.actor, wanted.actor))
    if wanted.action:
        conditions.append(table.c.action.startswith(wanted.action, autoescape=True))
    if wanted.subject:
        conditions.append(_subject(source).icontains(wanted.subject, autoescape=True))
    if wanted.since is not None:
        conditions.append(table.c.time >= as_text(wanted.since))
    if wanted.until is not None:
        conditions.append(table.c.time < as_text(wanted.until))
    if source == AUDIT:
        conditions += [ENTRIES.c.project == wanted.project] if wanted.project else []
        conditions += [ENTRIES.c.outcome == wanted.outcome] if wanted.outcome else []
    elif wanted.project or wanted.outcome not in ("", "done"):
        conditions.append(sa.false())  # a journal knows no projects, and what was done only
    return sa.and_(*conditions)


def _visible(source: str, seen: Seen) -> sa.ColumnElement[bool]:
    if seen.is_all:
        return sa.true()
    table = _table(source)
    shared = ENTRIES.c.project.in_(seen.projects) if source == AUDIT else table.c.model.in_(seen.models)
    return _is_of(table.c.actor, seen.user) | shared


def _is_of(actor: sa.Column[Any], user: str) -> sa.ColumnElement[bool]:
    """Whether an actor is a user, or a key that speaks for them."""
    return (actor == user) | actor.startswith(f"{user} (key ", autoescape=True)


def _subject(source: str) -> sa.ColumnElement[str]:
    if source == AUDIT:
        return ENTRIES.c.subject
    if source == LIFECYCLE:
        return sa.literal("model ") + _MOVES.c.model + sa.literal(" version ") + _MOVES.c.version
    return sa.literal("route ") + _CHANGES.c.route + sa.literal(" of model ") + _CHANGES.c.model


def _entry(source: str, row: dict[str, Any]) -> Entry:
    if source == AUDIT:
        return Entry(source=source, **row | {"details": json.loads(row["details"])})
    same = {name: row[name] for name in ("sequence", "time", "actor", "action", "previous_sha256", "sha256")}
    names: tuple[str, ...]
    if source == LIFECYCLE:
        subject = f"model {row['model']} version {row['version']}"
        names = ("model", "version", "from_stage", "to_stage", "reason", "external", "registry")
    else:
        subject = f"route {row['route']} of model {row['model']}"
        names = ("route", "model", "reason", "before", "after")
    details = {name: row[name] for name in names}
    return Entry(
        source=source, address="", project="", subject=subject, outcome="done", details=details, **same
    )


def as_text(when: datetime) -> str:
    """A time as the tables hold it."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")
