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
DAY_S = 86_400.0
MOST_OUTCOMES = 1_000_000
"""The newest outcomes that are looked at, of all models; so many ids take about 60 MB."""
LOOKED_UP_AT_ONCE = 262_144
"""Predictions that are held against the outcomes together: each time a table of the outcomes is made."""
_ID = ("prediction_id",)
_COUNTED = ["prediction_id", "received"]


class NoRowsError(Exception):
    """There is nothing to train on; the message says why."""


@dataclass(frozen=True, slots=True)
class NewRows:
    """How many labelled rows there are; counting ends where there are enough.

    Attributes:
        usable: Those that were predicted since the champion learned.
        fresh: Those among them whose outcome came since the last training.
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


def labels(scanner: Scanner, since_s: float, *, columns: list[str] | None = None) -> pa.Table:
    """The newest labels that were received since a time, `MOST_OUTCOMES` and a part of a file at most.

    Args:
        scanner: Reads the log.
        since_s: In seconds since 1970.
        columns: Only these columns of outcomes.
    """
    found = [told.SCHEMA.empty_table().select(columns or told.SCHEMA.names)]
    held = 0
    for part in scanner.outcomes(max(0.0, since_s)):
        kept = part.filter(pc.is_valid(part["label_json"])).select(found[0].column_names)
        found.append(kept)
        held += kept.num_rows
        if held >= MOST_OUTCOMES:
            break
    return pa.concat_tables(found)


def ids_and_times(scanner: Scanner) -> pa.Table:
    """What counting needs of the newest labels, of all models: `prediction_id` and `received`."""
    return labels(scanner, 0.0, columns=_COUNTED)


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The labelled rows of one model on the log.

    Attributes:
        scanner: Reads the log.
        model: The registered model.
        learned_s: The champion has learned from what was predicted until then.
        late_s: How long after its prediction an outcome is waited for.
        now_s: The time, in seconds since 1970.
    """

    scanner: Scanner
    model: str
    learned_s: float
    late_s: float
    now_s: float

    def count(self, outcomes: pa.Table, since_s: float, enough: int) -> NewRows:
        """Count them, until there are enough of both kinds.

        Args:
            outcomes: As `ids_and_times` gives them.
            since_s: Fresh are those whose outcome was received after it.
            enough: How many are enough.
        """
        outcomes = outcomes.filter(_later(outcomes, self._received_s))
        if not outcomes.num_rows:
            return NewRows(0, 0)
        every = _both_spellings(outcomes["prediction_id"])
        fresh = _both_spellings(outcomes.filter(_later(outcomes, since_s))["prediction_id"])
        counts = [0, 0]
        for table in _gathered(self._predictions(outcomes, _ID)):
            asked = table["prediction_id"]
            counts[0] += pc.sum(pc.is_in(asked, value_set=every)).as_py() or 0
            counts[1] += pc.sum(pc.is_in(asked, value_set=fresh)).as_py() or 0
            if min(counts) >= enough:
                break
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
        outcomes = labels(self.scanner, self._received_s)
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
        return Written(path, table.num_rows, _seconds(pc.max(outcomes["received"])), left_out)

    def _joined(self, outcomes: pa.Table, most: int) -> pa.Table:
        ids = _both_spellings(outcomes["prediction_id"])
        kept: list[pa.Table] = []
        held = 0
        for table in _gathered(self._predictions(outcomes, None)):
            found = table.filter(pc.is_in(table["prediction_id"], value_set=ids))
            if found.num_rows:
                kept.append(found)
                held += found.num_rows
            if held > 2 * most:
                kept, held = [_newest(merge(kept), most)], most
        rows = told.join(_newest(merge(kept), most), outcomes)
        return rows.filter(pc.is_valid(rows["label"]))

    @property
    def _received_s(self) -> float:
        """An outcome comes later than its prediction, as far as clocks agree."""
        return max(0.0, self.learned_s - CLOCK_MARGIN_S)

    def _predictions(self, outcomes: pa.Table, columns: tuple[str, ...] | None) -> Iterator[pa.Table]:
        """Those that the outcomes may be about."""
        if not outcomes.num_rows:
            return
        # Times are kept in whole microseconds, so the next one is where they are.
        learned_s = (round(self.learned_s * 1e6) + 1) / 1e6 if self.learned_s else 0.0
        since_s = max(learned_s, _seconds(pc.min(outcomes["received"])) - self.late_s, 0.0)
        for part in self.scanner.predictions(Wanted(self.model, since_s, self.now_s, columns=columns)):
            yield part.table


def _gathered(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Tables together, as many as are looked up at once."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(each.num_rows for each in held) >= LOOKED_UP_AT_ONCE:
            yield _one(held)
            held = []
    if held:
        yield _one(held)


def _one(tables: list[pa.Table]) -> pa.Table:
    return merge(tables) if "features" in tables[0].column_names else pa.concat_tables(tables)


def _both_spellings(ids: pa.ChunkedArray) -> pa.Array:
    """Ids as they were told, and without the `-0` that a request of one row may be named by."""
    first = ids.filter(pc.ends_with(ids, "-0"))
    stems = pc.utf8_slice_codeunits(first, 0, -2)
    return pc.unique(pa.chunked_array([*ids.chunks, *stems.chunks], pa.string()))


def _later(outcomes: pa.Table, than_s: float) -> pa.ChunkedArray:
    moment = pa.scalar(round(than_s * 1e6), pa.int64()).cast(told.TIME)
    return pc.greater(outcomes["received"], moment)


def _seconds(time: pa.Scalar) -> float:
    return float(time.cast(pa.int64()).as_py()) / 1e6


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
