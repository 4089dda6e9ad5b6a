"""Newly labelled rows: what the gateway answered and the truth that came since, counted and written down.

outcomes since the cut -> the predictions that they are about -> features, the label under the target's name
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.prediction_log import outcomes as told
from serving.prediction_log.scan import CLOCK_MARGIN_S, Scanner, Wanted
from serving.prediction_log.tables import merge

TIME = "penstock_ts"
"""The column that says when a row was asked about."""
MICROSECOND_S = 1e-6
_ID = ("prediction_id",)


class NoRowsError(Exception):
    """There is nothing to train on; the message says why."""


@dataclass(frozen=True, slots=True)
class NewRows:
    """How many labelled rows there are.

    Attributes:
        usable: Those that were predicted since the champion learned.
        fresh: Those among them whose outcome came since the last retraining began.
    """

    usable: int
    fresh: int


@dataclass(frozen=True, slots=True)
class Written:
    """A file of labelled rows.

    Attributes:
        path: Where it is.
        rows: How many there are.
        cut_s: When the newest outcome among them came, in seconds since 1970.
        left_out: Columns that the log does not hold as they were, and the file does not hold at all.
    """

    path: Path
    rows: int
    cut_s: float
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The labelled rows of one model on the log.

    Attributes:
        scanner: Reads the log.
        model: The registered model.
        learned_s: The champion has learned from what was predicted until then.
        now_s: The time, in seconds since 1970.
    """

    scanner: Scanner
    model: str
    learned_s: float
    now_s: float

    def count(self, started_s: float) -> NewRows:
        """Count them.

        Args:
            started_s: The last retraining had the outcomes that were received until then.
        """
        outcomes = self._outcomes()
        every, fresh = (
            outcomes["prediction_id"],
            outcomes.filter(_later(outcomes, started_s))["prediction_id"],
        )
        if not len(every):
            return NewRows(0, 0)
        ids, fresh_ids = _both_spellings(every), _both_spellings(fresh)
        counts = [0, 0]
        for table in self._predictions(_ID):
            wanted = table["prediction_id"]
            counts[0] += pc.sum(pc.is_in(wanted, value_set=ids)).as_py() or 0
            counts[1] += pc.sum(pc.is_in(wanted, value_set=fresh_ids)).as_py() or 0
        return NewRows(*counts)

    def write(self, path: Path, *, target: str, most: int, hidden: frozenset[str]) -> Written:
        """Write them, the newest `most` of them, the oldest prediction first.

        Args:
            path: The Parquet file to be.
            target: The name that the label gets.
            most: The most rows.
            hidden: Columns that the log holds masked or hashed; they are left out.

        Raises:
            NoRowsError: There are none, or they have no features.
            OSError: The file cannot be written.
        """
        outcomes = self._outcomes()
        rows = self._joined(outcomes, most)
        if not rows.num_rows:
            raise NoRowsError(f"no predictions of '{self.model}' on the log have outcomes since the champion")
        table, left_out = _flat(rows, target, hidden)
        if table.num_columns <= 2:
            raise NoRowsError(
                f"the logged predictions of '{self.model}' have no named features to learn from"
            )
        part = path.with_name(f".{path.name}.part")
        try:
            pq.write_table(table, part, compression="zstd")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return Written(path, table.num_rows, _newest_s(outcomes), left_out)

    def _joined(self, outcomes: pa.Table, most: int) -> pa.Table:
        ids = _both_spellings(outcomes["prediction_id"])
        kept: list[pa.Table] = []
        held = 0
        for table in self._predictions(None):
            found = table.filter(pc.is_in(table["prediction_id"], value_set=ids))
            if found.num_rows:
                kept.append(found)
                held += found.num_rows
            if held > 2 * most:
                kept, held = [_newest(merge(kept), most)], most
        rows = told.join(_newest(merge(kept), most), outcomes)
        return rows.filter(pc.is_valid(rows["label"]))

    def _outcomes(self) -> pa.Table:
        """Labels that came since the champion learned; an outcome is later than its prediction."""
        since_s = max(0.0, self.learned_s - CLOCK_MARGIN_S)
        parts = [part.filter(pc.is_valid(part["label_json"])) for part in self.scanner.outcomes(since_s)]
        return pa.concat_tables([told.SCHEMA.empty_table(), *parts])

    def _predictions(self, columns: tuple[str, ...] | None) -> Iterator[pa.Table]:
        since_s = self.learned_s + MICROSECOND_S if self.learned_s else 0.0
        wanted = Wanted(self.model, since_s, self.now_s, columns=columns)
        for part in self.scanner.predictions(wanted):
            yield part.table


def _both_spellings(ids: pa.ChunkedArray) -> pa.Array:
    """Ids as they were told, and without the `-0` that a request of one row may be named by."""
    first = ids.filter(pc.ends_with(ids, "-0"))
    stems = pc.utf8_slice_codeunits(first, 0, -2)
    return pc.unique(pa.chunked_array([*ids.chunks, *stems.chunks], pa.string()))


def _later(outcomes: pa.Table, than_s: float) -> pa.ChunkedArray:
    moment = pa.scalar(round(than_s * 1e6), pa.int64()).cast(told.TIME)
    return pc.greater(outcomes["received"], moment)


def _newest_s(outcomes: pa.Table) -> float:
    return float(pc.max(outcomes["received"].cast(pa.int64())).as_py()) / 1e6


def _newest(table: pa.Table, most: int) -> pa.Table:
    """The newest rows, the oldest first; equal times in the order in which they came."""
    times = table["ts"].cast(pa.int64()).to_numpy()
    order = np.argsort(times, kind="stable")[-most:]
    return table.take(pa.array(order))


def _flat(rows: pa.Table, target: str, hidden: frozenset[str]) -> tuple[pa.Table, tuple[str, ...]]:
    """Features as columns, the time and the label beside them."""
    features = rows["features"]
    names = [field.name for field in features.type] if pa.types.is_struct(features.type) else []
    columns = dict(zip(names, features.flatten() if names else [], strict=True))
    left_out = tuple(name for name in names if name in hidden)
    kept = {
        name: cells for name, cells in columns.items() if name not in hidden and name not in (target, TIME)
    }
    return pa.table(kept | {TIME: rows["ts"], target: rows["label"]}), left_out
