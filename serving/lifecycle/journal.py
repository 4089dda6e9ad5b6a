"""The journal of moves: append-only, each entry bound to the one before by its hash (see `chain`)."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from serving.lifecycle import chain
from serving.lifecycle.database import METADATA, Database

_ENTRIES = sa.Table(
    "penstock_journal",
    METADATA,
    *chain.columns(),
    sa.Column("time", sa.String(40), nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("from_stage", sa.String(20), nullable=False),
    sa.Column("to_stage", sa.String(20), nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("external", sa.Boolean, nullable=False),
    sa.Column("registry", sa.Text, nullable=False, server_default=""),
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
        registry: What tells the MLflow server that it is about from others; empty where that is not known, as
            in entries from before it was written down.
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
    registry: str = ""
    sequence: int = 0
    previous_sha256: str = ""
    sha256: str = ""


def digest(move: Move) -> str:
    """The hash that the entry must bear."""
    return chain.digest(_row(move))


def first_break(entries: Sequence[Move]) -> str | None:
    """What is wrong with the first broken entry of a whole journal, or None when all hold."""
    about = "version {version} of '{model}'"
    return chain.first_break([_row(entry) for entry in entries], journal="journal", about=about)


class Journal:
    """The journal in the database; usable from several threads and processes.

    Several MLflow servers may share it: each sees its own moves, and those of which no server is known.

    Args:
        database: Where it is.
        registry: What tells the MLflow server from others; empty for all servers' moves.
    """

    def __init__(self, database: Database, registry: Callable[[], str] = str) -> None:
        self._database, self._registry = database, registry

    def append(self, moves: Sequence[Move]) -> list[Move]:
        """Append moves in one transaction, and give them with their numbers and hashes.

        Raises:
            LifecycleError: The database refuses.
        """
        home = self._registry()
        rows = chain.append(self._database, _ENTRIES, [_row(replace(move, registry=home)) for move in moves])
        return [_of(row) for row in rows]

    def entries(self, model: str | None = None) -> list[Move]:
        """The moves of a model on this server, or of all on all servers, in their order."""
        query = sa.select(_ENTRIES).order_by(_ENTRIES.c.sequence)
        if model is not None:
            query = query.where(_ENTRIES.c.model == model, *self._here())
        with self._database.begin(is_read_only=True) as connection:
            return [_move(row) for row in connection.execute(query)]

    def last_moves(self, model: str) -> dict[str, Move]:
        """Each version's last move."""
        newest = sa.select(sa.func.max(_ENTRIES.c.sequence)).where(_ENTRIES.c.model == model, *self._here())
        query = sa.select(_ENTRIES).where(_ENTRIES.c.sequence.in_(newest.group_by(_ENTRIES.c.version)))
        with self._database.begin(is_read_only=True) as connection:
            return {row.version: _move(row) for row in connection.execute(query)}

    def models(self) -> list[str]:
        """The models that have moves."""
        query = sa.select(_ENTRIES.c.model).where(*self._here()).distinct().order_by(_ENTRIES.c.model)
        with self._database.begin(is_read_only=True) as connection:
            return list(connection.scalars(query))

    def _here(self) -> tuple[sa.ColumnElement[bool], ...]:
        home = self._registry()
        return (_ENTRIES.c.registry.in_(("", home)),) if home else ()


def _row(move: Move) -> dict[str, Any]:
    """The move as its entry's fields; without `registry` where it is empty, as old entries were hashed."""
    fields = asdict(move) | {"time": move.time.astimezone(UTC).isoformat(timespec="microseconds")}
    return {name: value for name, value in fields.items() if name != "registry" or value}


def _move(row: sa.Row[tuple[object, ...]]) -> Move:
    return _of(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's documented name


def _of(fields: dict[str, Any]) -> Move:
    return Move(**fields | {"time": datetime.fromisoformat(fields["time"])})
