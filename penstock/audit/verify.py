"""Whether the trail is whole: its chain from the first entry on, and every head that was kept elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from penstock.audit.heads import Head
from penstock.audit.trail import ENTRIES, Trail
from serving.lifecycle import chain
from serving.lifecycle.database import Database

ROWS_AT_ONCE = 5_000
"""Read in one transaction; while it lasts SQLite lets nobody append."""
ABOUT = "{action} by {actor} at {time}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        entries: How many entries hold, from the first on.
        problem: What is wrong first, in a sentence; None where all holds.
        remarks: What could not be looked at, a sentence each.
        head: The hash of the last entry that holds; empty where there is none.
    """

    entries: int
    problem: str | None
    remarks: tuple[str, ...]
    head: str


def verify(database: Database, trail: Trail) -> Verdict:
    """Look at the whole trail.

    Raises:
        LifecycleError: The database cannot be read.
    """
    # Heads first: an entry is in the table before its hash is anywhere else.
    heads, remarks = _heads(trail)
    walk = _Walk({head.sequence for head, _ in heads})
    problem = chain.first_break(walk.over(rows(database)), journal="audit trail", about=ABOUT)
    problem = problem or _missing(heads, walk)
    held = walk.last["sequence"] if walk.last else 0
    return Verdict(held, problem, tuple(remarks), str(walk.last["sha256"]) if walk.last else "")


def rows(database: Database, after: int = 0) -> Iterator[dict[str, Any]]:
    """The entries as they are, by their numbers, each in a short transaction with some others.

    Args:
        database: Where the trail is.
        after: Only those behind this number.

    Raises:
        LifecycleError: The database cannot be read.
    """
    query = sa.select(ENTRIES).order_by(ENTRIES.c.sequence).limit(ROWS_AT_ONCE)
    while True:
        with database.begin(is_read_only=True) as connection:
            found = [
                dict(row) for row in connection.execute(query.where(ENTRIES.c.sequence > after)).mappings()
            ]
        yield from found
        if len(found) < ROWS_AT_ONCE:
            return
        after = found[-1]["sequence"]


class _Walk:
    """Remembers of the entries that pass by what the heads must agree with."""

    def __init__(self, wanted: set[int]) -> None:
        self._wanted = wanted
        self.hashes: dict[int, str] = {}
        self.last: Mapping[str, Any] | None = None

    def over(self, entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for entry in entries:
            yield entry
            # Resumed only if the entry has held.
            self.last = entry
            if entry["sequence"] in self._wanted:
                self.hashes[entry["sequence"]] = entry["sha256"]


def _missing(heads: list[tuple[Head, str]], walk: _Walk) -> str | None:
    """What the heads kept elsewhere say against the table; the earliest contradiction first."""
    held = walk.last["sequence"] if walk.last else 0
    for head, place in sorted(heads, key=lambda each: each[0].sequence):
        if head.sequence > held:
            return (
                f"the audit trail ends with entry {held}, and {place} knows entry {head.sequence} of "
                f"{head.time}; its end was cut off"
            )
        if walk.hashes[head.sequence] != head.sha256:
            return (
                f"entry {head.sequence} of the audit trail is not the one that {place} knows of {head.time}; "
                "the trail was replaced from there or from before"
            )
    return None


def _heads(trail: Trail) -> tuple[list[tuple[Head, str]], list[str]]:
    from mlflow.exceptions import MlflowException

    found: list[tuple[Head, str]] = []
    remarks: list[str] = []
    if trail.file is not None:
        place = f"the head file '{trail.file.path}'"
        try:
            found += [(head, place) for head in trail.file.heads(trail.name)]
            if not found:
                remarks.append(f"{place} knows nothing of this trail")
        except OSError as error:
            remarks.append(f"{place} could not be read ({error.strerror or error})")
    if trail.unwritten_heads:
        remarks.append(
            f"{trail.unwritten_heads} hashes could not be written to the head file by this process"
        )
    if trail.mirror is not None:
        try:
            head = trail.mirror.head(trail.name)
        except MlflowException:
            remarks.append("MLflow, which keeps a hash too, does not answer")
        else:
            found += [(head, "MLflow")] if head else []
            remarks += [] if head else ["MLflow knows no hash of this trail yet"]
    return found, remarks
