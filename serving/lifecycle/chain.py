"""Tables of entries that are only ever appended, each bound to the one before by its hash.

An entry's hash is the SHA-256 of its canonical JSON, which holds the hash of the entry before. Changing,
inserting or removing an entry breaks the chain from there on; cutting off its end does not, which only a copy
of the last hash kept elsewhere would show. Two writers cannot fork the chain: the sequence number and the
previous hash are unique, and whoever comes second reads the chain's end again.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from serving.lifecycle.database import Database
from serving.lifecycle.engines import plain_all
from serving.lifecycle.errors import LifecycleError

FIRST_PREVIOUS = "0" * 64
_ATTEMPTS = 100

Entry = dict[str, Any]
"""A row: `sequence`, `previous_sha256`, `sha256`, and what the table is about, in plain JSON."""


def columns() -> tuple[sa.Column[Any], ...]:
    """The columns that bind entries; made anew for each table."""
    return (
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
    )


def digest(entry: Mapping[str, Any]) -> str:
    """The hash that an entry must bear."""
    fields = {key: value for key, value in entry.items() if key != "sha256"}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def append(database: Database, table: sa.Table, entries: Sequence[Entry]) -> list[Entry]:
    """Append entries in one transaction, and give them with their numbers and hashes.

    Raises:
        LifecycleError: The database refuses.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with database.begin() as connection:
                return _linked(connection, table, entries)
        except sa.exc.IntegrityError:  # another process appended at the same time
            time.sleep(0.005 * min(attempt, 10))
    raise LifecycleError(f"the journal could not be appended to in {_ATTEMPTS} attempts; try again")


def first_break(entries: Iterable[Mapping[str, Any]], *, journal: str, about: str) -> str | None:
    """What is wrong with the first broken entry of a whole chain, or None when all hold.

    Args:
        entries: All rows, in their order.
        journal: What the chain is called.
        about: What an entry is about, as a format of its fields.
    """
    previous = FIRST_PREVIOUS
    for expected, entry in enumerate(entries, start=1):
        number = entry["sequence"]
        if number != expected:
            return f"entry {expected} of the {journal} is missing; entry {number} follows in its place"
        if entry["previous_sha256"] != previous:
            return (
                f"entry {expected} of the {journal} does not follow from the one before; "
                "that one was replaced"
            )
        if entry["sha256"] != digest(entry):
            return f"entry {expected} of the {journal} ({about.format(**entry)}) was changed"
        previous = entry["sha256"]
    return None


def _linked(connection: sa.Connection, table: sa.Table, entries: Sequence[Entry]) -> list[Entry]:
    query = sa.select(table.c.sequence, table.c.sha256).order_by(table.c.sequence.desc()).limit(1)
    last = connection.execute(query).first()
    sequence, previous = (last.sequence, last.sha256) if last else (0, FIRST_PREVIOUS)
    chained = []
    for entry in entries:
        sequence += 1
        # The hash is of what the database will give back.
        linked = plain_all(entry) | {"sequence": sequence, "previous_sha256": previous}
        linked["sha256"] = previous = digest(linked)
        connection.execute(sa.insert(table).values(linked))
        chained.append(linked)
    return chained
