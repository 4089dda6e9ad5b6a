"""Reading the log: sealed and live records alike, each exactly once, while others write and seal.

Live segments are read first and remembered; then sealed files are listed, and those of remembered segments
passed over. A segment that is sealed in between is thus read once, from whichever side it was met first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.lines import read_lines
from serving.prediction_log.record import Record
from serving.prediction_log.tables import merge, to_table

_BATCH_RECORDS = 10_000
_CLOCK_MARGIN_S = 60.0  # a file system's clock may differ from the gateway's


@dataclass(frozen=True, slots=True)
class _Filter:
    model: str
    version: str | None
    variant: str | None
    since_s: float | None
    until_s: float | None
    shadow: bool | None

    def accepts(self, record: Record) -> bool:
        return (
            record.model == self.model
            and self.version in (None, record.version)
            and self.variant in (None, record.variant)
            and self.shadow in (None, record.shadow)
            and (self.since_s is None or record.ts_s >= self.since_s)
            and (self.until_s is None or record.ts_s < self.until_s)
        )

    def expression(self) -> pc.Expression:
        expression = pc.field("model") == self.model
        for name in ("version", "variant", "shadow"):
            if getattr(self, name) is not None:
                expression &= pc.field(name) == getattr(self, name)
        if self.since_s is not None:
            expression &= pc.field("ts") >= _timestamp(self.since_s)
        if self.until_s is not None:
            expression &= pc.field("ts") < _timestamp(self.until_s)
        return expression

    def has_day(self, day: str) -> bool:
        since = None if self.since_s is None else _day(self.since_s)
        until = None if self.until_s is None else _day(self.until_s)
        return (since is None or day >= since) and (until is None or day <= until)


def read(
    folder: Path,
    *,
    model: str,
    version: str | None = None,
    variant: str | None = None,
    since_s: float | None = None,
    until_s: float | None = None,
    shadow: bool | None = False,
    limit: int | None = None,
) -> pa.Table:
    """The logged predictions of a model, oldest first, one row a prediction.

    Args:
        folder: The log's folder; one that does not exist is an empty log.
        model: The registered model's name.
        version: Only this version's.
        variant: Only this variant's.
        since_s: From this time on, in seconds since 1970.
        until_s: Before this time, in seconds since 1970.
        shadow: False for what was answered, True for what shadows predicted, None for both.
        limit: Only the newest so many rows; memory is bounded by it.

    Returns:
        prediction_id, ts (timestamp[us, UTC]), model, version, variant, shadow, request_id, user_key,
        features (a struct; null when no row has features), prediction, probabilities (list of doubles),
        latency_us.
    """
    wanted = _Filter(model, version, variant, since_s, until_s, shadow)
    newest = _Newest(limit)
    live: set[str] = set()
    for table in _live(folder, wanted, live):
        newest.add(table)
    for day, path in layout.sealed_days(folder, model):
        if newest.is_complete_since(day):
            break
        if wanted.has_day(day):
            for file in layout.sealed_files(path):
                if layout.segment_of(file) not in live:
                    newest.add(pq.read_table(file, filters=wanted.expression(), partitioning=None))
    return newest.result()


def _live(folder: Path, wanted: _Filter, live: set[str]) -> Iterator[pa.Table]:
    needle = orjson.dumps(wanted.model)
    for path in layout.segments(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:  # sealed since it was listed
            continue
        live.add(path.stem)
        with file:
            if wanted.since_s is not None and path.stat().st_mtime < wanted.since_s - _CLOCK_MARGIN_S:
                continue
            lines = read_lines(file, path.stem, containing=needle)
            yield from _tables(line for line in lines if isinstance(line, Record) and wanted.accepts(line))


def _tables(records: Iterable[Record]) -> Iterator[pa.Table]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == _BATCH_RECORDS:
            yield from _by_columns(batch)
            batch = []
    yield from _by_columns(batch)


def _by_columns(batch: list[Record]) -> Iterator[pa.Table]:
    batch.sort(key=lambda record: record.columns)
    for _, group in groupby(batch, key=lambda record: record.columns):
        yield to_table(list(group))


class _Newest:
    """Keeps the newest rows of the tables it is given, of all tables when there is no limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._tables: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        self._tables.append(table)
        self._rows += table.num_rows
        if self._limit is not None and self._rows > 2 * self._limit + _BATCH_RECORDS:
            self._drop_old(self._limit)

    def is_complete_since(self, day: str) -> bool:
        """Whether rows of days after `day` alone fill the limit, so that `day` can add nothing."""
        if self._limit is None:
            return False
        end = pa.scalar(datetime.fromisoformat(day).replace(tzinfo=UTC), pa.timestamp("us", tz="UTC"))
        end = pc.add(end, pa.scalar(86_400_000_000, pa.duration("us")))
        after = sum(pc.sum(pc.greater_equal(table.column("ts"), end)).as_py() for table in self._tables)
        return bool(after >= self._limit)

    def result(self) -> pa.Table:
        merged = merge(self._tables)
        merged = merged.take(pc.sort_indices(merged, sort_keys=[("ts", "ascending")]))
        return merged if self._limit is None else merged.slice(max(0, merged.num_rows - self._limit))

    def _drop_old(self, limit: int) -> None:
        times = pa.chunked_array([chunk for table in self._tables for chunk in table.column("ts").chunks])
        oldest = times.take(pc.sort_indices(times, sort_keys=[("", "descending")])[limit - 1 : limit])[0]
        kept = [table.filter(pc.greater_equal(table.column("ts"), oldest)) for table in self._tables]
        self._tables = [table for table in kept if table.num_rows]
        self._rows = sum(table.num_rows for table in self._tables)


def _timestamp(time_s: float) -> pa.Scalar:
    return pa.scalar(round(time_s * 1e6), pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d")
