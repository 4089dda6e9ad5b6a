"""What is remembered of closed windows: a row a lane and span, in Penstock's database.

A window's row is written when it closes, and again when outcomes have come late; the newest word stands. That
a model's windows are judged up to some moment is written in the same transaction as they are, so a monitor
that dies in between goes on exactly where it stopped.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from monitoring.lane import Lane, Span
from serving.lifecycle.database import METADATA, Database

_WINDOWS = sa.Table(
    "penstock_windows",
    METADATA,
    sa.Column("model", sa.String(256), primary_key=True),
    sa.Column("version", sa.String(40), primary_key=True),
    sa.Column("variant", sa.String(256), primary_key=True),
    sa.Column("since_s", sa.Double, primary_key=True),
    sa.Column("until_s", sa.Double, primary_key=True),
    sa.Column("judged_s", sa.Double, nullable=False),
    sa.Column("found", sa.Text, nullable=False),
    sa.Index("penstock_windows_newest", "model", "until_s"),
)
_MARKS = sa.Table(
    "penstock_window_marks",
    METADATA,
    sa.Column("name", sa.String(512), primary_key=True),
    sa.Column("time_s", sa.Double, nullable=False),
)
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A closed window and what was found in it.

    Attributes:
        lane: Whose predictions.
        span: From when to when.
        judged_s: When this was written, in seconds since 1970.
        rows: Predictions in it.
        per_second: Predictions a second.
        p50_ms: Half of the answers took at most so long.
        p99_ms: 99 of 100 answers took at most so long.
        labelled: Predictions whose outcome is known.
        drift_share: Share of the judged columns that drifted, 0 to 1; None where nothing could be compared.
        is_drifted: Whether the share alarms.
        columns: The distance of the columns that matter most, in their thresholds (1 is where drift begins).
        quality: The task's metrics on labelled rows, by name.
        is_bad: Whether the quality is below what the policy or the training promised.
        estimate: Estimated metrics while outcomes are missing, by name.
        business: Business metrics by name.
        note: Why something is missing, as a sentence; empty if nothing is.
    """

    lane: Lane
    span: Span
    judged_s: float
    rows: int
    per_second: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    labelled: int = 0
    drift_share: float | None = None
    is_drifted: bool = False
    columns: Mapping[str, float] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    is_bad: bool = False
    estimate: Mapping[str, float] = field(default_factory=dict)
    business: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


class History:
    """The closed windows in the database; usable from several threads and processes.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, entry: Entry) -> None:
        """Write a window, over what was written of it before.

        Raises:
            LifecycleError: The database refuses.
        """
        self.close([entry])

    def close(self, entries: Sequence[Entry], *, marks: Mapping[str, float] | None = None) -> None:
        """Write windows and how far was judged, all or nothing.

        Args:
            entries: The windows; what was written of them before gives way.
            marks: Moments by name, in seconds since 1970.

        Raises:
            LifecycleError: The database refuses.
        """
        with self._database.begin() as connection:
            for entry in entries:
                _put(connection, _WINDOWS, _key(entry), {"judged_s": entry.judged_s, "found": _found(entry)})
            for name, time_s in (marks or {}).items():
                _put(connection, _MARKS, {"name": name}, {"time_s": time_s})

    def marks(self) -> dict[str, float]:
        """All moments that were written, by name, in seconds since 1970.

        Raises:
            LifecycleError: The database refuses.
        """
        with self._database.begin(is_read_only=True) as connection:
            return {row.name: row.time_s for row in connection.execute(sa.select(_MARKS))}

    def last(
        self, count: int, *, model: str, version: str | None = None, variant: str | None = None
    ) -> list[Entry]:
        """The newest windows of a model, or of one lane of it, oldest first.

        Args:
            count: At most so many.
            model: The registered model's name.
            version: Only this version's.
            variant: Only this variant's.
        """
        query = sa.select(_WINDOWS).where(_WINDOWS.c.model == model)
        for name, value in (("version", version), ("variant", variant)):
            if value is not None:
                query = query.where(_WINDOWS.c[name] == value)
        newest_first = query.order_by(_WINDOWS.c.until_s.desc(), _WINDOWS.c.version, _WINDOWS.c.variant)
        return self._entries(newest_first.limit(count))[::-1]

    def between(self, model: str, since_s: float, until_s: float) -> list[Entry]:
        """The windows of a model that meet a span, oldest first."""
        query = sa.select(_WINDOWS).where(
            _WINDOWS.c.model == model, _WINDOWS.c.until_s > since_s, _WINDOWS.c.since_s < until_s
        )
        return self._entries(query.order_by(_WINDOWS.c.until_s, _WINDOWS.c.version, _WINDOWS.c.variant))

    def models(self) -> list[str]:
        """The models of which windows are remembered."""
        query = sa.select(_WINDOWS.c.model).distinct().order_by(_WINDOWS.c.model)
        with self._database.begin(is_read_only=True) as connection:
            return list(connection.scalars(query))

    def prune(self, now_s: float, days: float) -> int:
        """Forget windows that ended more than so many days ago, and give how many they were."""
        old = sa.delete(_WINDOWS).where(_WINDOWS.c.until_s < now_s - days * _DAY_S)
        with self._database.begin() as connection:
            return int(connection.execute(old).rowcount)

    def _entries(self, query: sa.Select[Any]) -> list[Entry]:
        with self._database.begin(is_read_only=True) as connection:
            return [_entry(row) for row in connection.execute(query)]


def lanes_of(entries: Iterable[Entry]) -> dict[Lane, list[Entry]]:
    """Entries by lane, each in the order given."""
    found: dict[Lane, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.lane, []).append(entry)
    return found


def _put(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, object], values: Mapping[str, object]
) -> None:
    mine = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if not connection.execute(sa.update(table).where(mine).values(values)).rowcount:
        connection.execute(sa.insert(table).values({**key, **values}))


def _key(entry: Entry) -> dict[str, object]:
    return {**entry.lane._asdict(), "since_s": entry.span.since_s, "until_s": entry.span.until_s}


def _found(entry: Entry) -> str:
    fields = asdict(entry)
    for name in ("lane", "span", "judged_s"):
        del fields[name]
    return json.dumps({name: _finite(value) for name, value in fields.items()})


def _finite(value: Any) -> Any:
    """JSON has no NaN: as a value of its own it becomes null, in a mapping it is left out."""
    if isinstance(value, Mapping):
        return {name: each for name, each in value.items() if math.isfinite(each)}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _entry(row: sa.Row[Any]) -> Entry:
    lane = Lane(row.model, row.version, row.variant)
    known = {name: value for name, value in json.loads(row.found).items() if name in Entry.__slots__}
    return Entry(lane, Span(row.since_s, row.until_s), row.judged_s, **known)
