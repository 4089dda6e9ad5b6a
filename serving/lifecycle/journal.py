"""The journal of moves: append-only, each entry bound to the one before by its hash.

An entry's hash is the SHA-256 of its canonical JSON, which holds the hash of the entry before. Changing,
inserting or removing an entry breaks the chain from there on; cutting off its end does not, which only a copy
of the last hash kept elsewhere would show. Two writers cannot fork the chain: the sequence number and the
previous hash are unique, and whoever comes second reads the chain's end again.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database
from serving.lifecycle.errors import LifecycleError

FIRST_PREVIOUS = "0" * 64
_ATTEMPTS = 100

_ENTRIES = sa.Table(
    "penstock_journal",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time", sa.String(40), nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("from_stage", sa.String(20), nullable=False),
    sa.Column("to_stage", sa.String(20), nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("external", sa.Boolean, nullable=False),
    sa.Column("previous_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Index("penstock_journal_model", "model", "sequence"),
)


@dataclass(frozen=True, slots=True)
class Move:
    """One version's move from stage to stage.

    Attributes:
        time: When, in UTC.
        model: The registered model's name.
        version: The version, always as text.
        from_stage: The stage it left.
        to_stage: The stage it is in since; `Deleted` when it was removed from the registry.
        action: What was asked for: promote, demote, rollback, archive; `replaced` for a version that gave way
            to another; `external` for a move made elsewhere.
        actor: Who asked.
        reason: Why.
        external: Whether it was made elsewhere and noticed later.
        sequence: The entry's number in the journal, from 1.
        previous_sha256: The hash of the entry before.
        sha256: The hash of this entry.
    """

    time: datetime
    model: str
    version: str
    from_stage: str
    to_stage: str
    action: str
    actor: str
    reason: str
    external: bool = False
    sequence: int = 0
    previous_sha256: str = ""
    sha256: str = ""


def digest(move: Move) -> str:
    """The hash that the entry must bear."""
    fields = _row(move)
    del fields["sha256"]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def first_break(entries: Sequence[Move]) -> str | None:
    """What is wrong with the first broken entry of a whole journal, or None when all hold."""
    previous = FIRST_PREVIOUS
    for expected, entry in enumerate(entries, start=1):
        if entry.sequence != expected:
            return f"entry {expected} of the journal is missing; entry {entry.sequence} follows in its place"
        if entry.previous_sha256 != previous:
            return (
                f"entry {expected} of the journal does not follow from the one before; that one was replaced"
            )
        if entry.sha256 != digest(entry):
            return f"entry {expected} of the journal (version {entry.version} of '{entry.model}') was changed"
        previous = entry.sha256
    return None


class Journal:
    """The journal in the database; usable from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, moves: Sequence[Move]) -> list[Move]:
        """Append moves in one transaction, and give them with their numbers and hashes.

        Raises:
            LifecycleError: The database refuses.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._database.begin() as connection:
                    return _append(connection, moves)
            except sa.exc.IntegrityError:  # another process appended at the same time
                time.sleep(0.005 * min(attempt, 10))
        raise LifecycleError(f"the journal could not be appended to in {_ATTEMPTS} attempts; try again")

    def entries(self, model: str | None = None) -> list[Move]:
        """The moves of a model, or of all, in their order."""
        query = sa.select(_ENTRIES).order_by(_ENTRIES.c.sequence)
        if model is not None:
            query = query.where(_ENTRIES.c.model == model)
        with self._database.begin(is_read_only=True) as connection:
            return [_move(row) for row in connection.execute(query)]

    def last_moves(self, model: str) -> dict[str, Move]:
        """Each version's last move."""
        newest = sa.select(sa.func.max(_ENTRIES.c.sequence)).where(_ENTRIES.c.model == model)
        query = sa.select(_ENTRIES).where(_ENTRIES.c.sequence.in_(newest.group_by(_ENTRIES.c.version)))
        with self._database.begin(is_read_only=True) as connection:
            return {row.version: _move(row) for row in connection.execute(query)}

    def models(self) -> list[str]:
        """The models that have moves."""
        query = sa.select(_ENTRIES.c.model).distinct().order_by(_ENTRIES.c.model)
        with self._database.begin(is_read_only=True) as connection:
            return list(connection.scalars(query))


def _append(connection: sa.Connection, moves: Sequence[Move]) -> list[Move]:
    query = sa.select(_ENTRIES.c.sequence, _ENTRIES.c.sha256).order_by(_ENTRIES.c.sequence.desc()).limit(1)
    last = connection.execute(query).first()
    sequence, previous = (last.sequence, last.sha256) if last else (0, FIRST_PREVIOUS)
    chained = []
    for move in moves:
        sequence += 1
        linked = replace(move, sequence=sequence, previous_sha256=previous)
        linked = replace(linked, sha256=digest(linked))
        connection.execute(sa.insert(_ENTRIES).values(_row(linked)))
        chained.append(linked)
        previous = linked.sha256
    return chained


def _row(move: Move) -> dict[str, object]:
    return asdict(move) | {"time": move.time.astimezone(UTC).isoformat(timespec="microseconds")}


def _move(row: sa.Row[tuple[object, ...]]) -> Move:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    return Move(**fields | {"time": datetime.fromisoformat(fields["time"])})
