"""Removals from the prediction log that are not over: open segments are looked into when they are sealed."""

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database
from serving.prediction_log.layout import SEALED_SUFFIX

ERASURES = sa.Table(
    "penstock_erasures",
    METADATA,
    sa.Column("erasure_id", sa.String(36), primary_key=True),
    sa.Column("asked_by", sa.String(400), nullable=False),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("waits_for", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("done_s", sa.Double, nullable=False),
    sa.Column("predictions", sa.BigInteger, nullable=False),
    sa.Column("outcomes", sa.BigInteger, nullable=False),
    sa.Index("penstock_erasures_done", "done_s"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be removed.

    Attributes:
        user_keys: A person's keys, hashed as the log has them.
        prediction_id: A prediction, by its id.
        models: Of these registered models; None for all.
        gone_ids: The ids of rows that went already.
        gone_requests: Their requests, as shadows name them.
    """

    user_keys: tuple[str, ...] = ()
    prediction_id: str = ""
    models: tuple[str, ...] | None = None
    gone_ids: tuple[str, ...] = ()
    gone_requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """A removal; times in seconds since 1970, 0 for not yet.

    Attributes:
        erasure_id: A UUID.
        asked_by: Who asked.
        asked: What is to be removed; nothing when it is done.
        waits_for: What has not been looked into, by names below the log's folder: segments that were open,
            and files that cannot be read.
        created_s: When it was asked.
        done_s: When none was left.
        predictions: How many rows of predictions went so far.
        outcomes: How many rows of outcomes went so far.
    """

    erasure_id: str
    asked_by: str
    asked: Asked
    waits_for: tuple[str, ...]
    created_s: float
    done_s: float = 0.0
    predictions: int = 0
    outcomes: int = 0

    @property
    def damaged_files(self) -> tuple[str, ...]:
        """Those of `waits_for` that cannot be read."""
        return tuple(name for name in self.waits_for if name.endswith(SEALED_SUFFIX))

    @property
    def open_segments(self) -> int:
        """How many of `waits_for` are segments that are being written."""
        return len(self.waits_for) - len(self.damaged_files)


class ErasureStore:
    """The removals in the database; usable from several threads and processes."""

    def __init__(self, database: Database, now_s: Callable[[], float]) -> None:
        self._database, self._now_s = database, now_s

    def add(self, asked_by: str, asked: Asked) -> Erasure:
        """Keep a new one, before anything is removed."""
        made = Erasure(str(uuid.uuid4()), asked_by, asked, (), self._now_s())
        with self._database.begin() as connection:
            connection.execute(sa.insert(ERASURES).values(_row(made)))
        return made

    def put(self, erasure: Erasure) -> Erasure:
        """Keep what has become of one."""
        this = ERASURES.c.erasure_id == erasure.erasure_id
        with self._database.begin() as connection:
            connection.execute(sa.update(ERASURES).where(this).values(_row(erasure)))
        return erasure

    def open(self) -> list[Erasure]:
        """Those that are not over, oldest first."""
        query = sa.select(ERASURES).where(ERASURES.c.done_s == 0).order_by(ERASURES.c.created_s)
        with self._database.begin(is_read_only=True) as connection:
            return [_erasure(row) for row in connection.execute(query)]

    def get(self, erasure_id: str) -> Erasure | None:
        """One; None where there is none of that id."""
        query = sa.select(ERASURES).where(ERASURES.c.erasure_id == erasure_id)
        with self._database.begin(is_read_only=True) as connection:
            row = connection.execute(query).first()
        return None if row is None else _erasure(row)


def _row(erasure: Erasure) -> dict[str, Any]:
    asked, waits_for = json.dumps(asdict(erasure.asked)), json.dumps(erasure.waits_for)
    return asdict(erasure) | {"asked": asked, "waits_for": waits_for}


def _erasure(row: sa.Row[Any]) -> Erasure:
    kept = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    asked: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(kept["asked"]).items()
    }
    return Erasure(**kept | {"asked": Asked(**asked), "waits_for": tuple(json.loads(kept["waits_for"]))})
