"""The newest of any number of predictions, in memory bounded by how many are wanted."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from serving.prediction_log.tables import merge

SLACK_ROWS = 10_000


class Newest:
    """Keeps the newest rows of the tables it is given, of all tables when there is no limit.

    Args:
        limit: How many rows; None for all.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._tables: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        """Take more rows; those that cannot be among the newest are dropped now and then."""
        if not table.num_rows:
            return
        self._tables.append(table)
        self._rows += table.num_rows
        if self._limit is not None and self._rows > 2 * self._limit + SLACK_ROWS:
            self._drop_old(self._limit)

    def is_complete_since(self, day: str) -> bool:
        """Whether rows of days after `day` alone fill the limit, so that `day` can add nothing."""
        if self._limit is None:
            return False
        end = pa.scalar(datetime.fromisoformat(day).replace(tzinfo=UTC), pa.timestamp("us", tz="UTC"))
        end = pc.add(end, pa.scalar(86_400_000_000, pa.duration("us")))
        after = sum(pc.sum(pc.greater_equal(table.column("ts"), end)).as_py() for table in self._tables)
        return bool(after >= self._limit)

    def is_complete_from(self, time_s: float) -> bool:
        """Whether rows from a time on alone fill the limit, so that older ones can add nothing."""
        if self._limit is None or self._rows < self._limit:
            return False
        start = pa.scalar(round(time_s * 1e6), pa.int64()).cast(pa.timestamp("us", tz="UTC"))
        from_then = (pc.sum(pc.greater_equal(table.column("ts"), start)).as_py() for table in self._tables)
        return bool(sum(from_then) >= self._limit)

    def result(self) -> pa.Table:
        """The newest rows, oldest first."""
        merged = merge(self._tables)
        merged = merged.take(pc.sort_indices(merged, sort_keys=[("ts", "ascending")]))
        return merged if self._limit is None else merged.slice(max(0, merged.num_rows - self._limit))

    def _drop_old(self, limit: int) -> None:
        times = pa.chunked_array([chunk for table in self._tables for chunk in table.column("ts").chunks])
        oldest = times.take(pc.sort_indices(times, sort_keys=[("", "descending")])[limit - 1 : limit])[0]
        kept = [table.filter(pc.greater_equal(table.column("ts"), oldest)) for table in self._tables]
        self._tables = [table for table in kept if table.num_rows]
        self._rows = sum(table.num_rows for table in self._tables)
