"""A window's rows as a profile of bounded size: exact counts, sketches, and a random sample of rows.

Rows are added part by part, as the log gives them; profiles of parts can be merged. A profile of a million
rows takes no more memory than one of ten thousand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.columns import (
    PREDICTION,
    Columns,
    is_number,
    is_text,
    numbers,
    texts,
)
from monitoring.drift.base import Reference
from monitoring.drift.categories import CategoryBase, CategorySketch
from monitoring.drift.numbers import NumberBase, NumberSketch
from monitoring.drift.sample import RowSample

KEPT_NEW = 100
Sketch = NumberSketch | CategorySketch


@dataclass(slots=True)
class CellCounts:
    """What a column's cells were, exactly.

    Attributes:
        missing: Null, NaN, or not there at all.
        not_finite: Infinite.
        wrong_type: No number where the reference has numbers; a number or a list where it has texts.
    """

    missing: int = 0
    not_finite: int = 0
    wrong_type: int = 0

    def merge(self, other: "CellCounts") -> None:
        """Count another part of the window in."""
        self.missing += other.missing
        self.not_finite += other.not_finite
        self.wrong_type += other.wrong_type


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a window.

    Attributes:
        columns: The reference's columns.
        rows: How many rows there were.
        counts: By column.
        sketches: By numeric and categorical column that has values in the reference.
        sample: Random rows, all of them where they are few; laid out as the reference's.
        new: Columns that the reference does not have, and how many values each has.
        absent: Columns of the reference that no part of the window had.
    """

    columns: Columns
    rows: int
    counts: Mapping[str, CellCounts]
    sketches: Mapping[str, Sketch]
    sample: pd.DataFrame
    new: Mapping[str, int]
    absent: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the sample holds every row."""
        return len(self.sample) == self.rows

    def present(self, name: str) -> int:
        """How many values a column has that can be compared."""
        cells = self.counts[name]
        lost = cells.wrong_type if name in self.columns.numeric else 0
        return self.rows - cells.missing - cells.not_finite - lost


@dataclass(slots=True)
class Profiler:
    """Makes the profile of a window against a reference.

    Attributes:
        reference: What decides about columns, kinds and cells.
        sample_rows: The most rows that the sample holds.
        seed: Of the sample; windows that are to be merged need different ones.
        rows: How many have been taken in.
        counts: By column of the reference.
        sketches: By numeric and categorical column that has values in the reference.
        new: Columns that the reference does not have, and how many values each had.
        met: The reference's columns that have been there.
        sample: Random rows of those taken in.
    """

    reference: Reference
    sample_rows: int
    seed: int = 0
    rows: int = 0
    counts: dict[str, CellCounts] = field(default_factory=dict)
    sketches: dict[str, Sketch] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    sample: RowSample = field(init=False)

    def __post_init__(self) -> None:
        self.sample = RowSample(self.sample_rows, np.random.default_rng(self.seed))
        self.counts = {name: CellCounts() for name in self.reference.columns.names}
        for name, base in self.reference.bases.items():
            if isinstance(base, NumberBase):
                self.sketches[name] = NumberSketch.empty(base)
            elif isinstance(base, CategoryBase):
                self.sketches[name] = CategorySketch.empty(base)

    def add(self, table: pa.Table) -> None:
        """Take rows in.

        Args:
            table: Some of the window's rows, as the log gives them: `features`, a struct, and `prediction`.
        """
        if not table.num_rows:
            return
        there = dict(cells_of(table))
        self.rows += table.num_rows
        self._note_new(there)
        columns = self.reference.columns
        laid: dict[str, Any] = {}
        for name in columns.names:
            cells = there.get(name, pa.nulls(table.num_rows))
            laid[name] = self._number(name, cells) if name in columns.numeric else self._text(name, cells)
        self.sample.add(laid, table.num_rows)

    def merge(self, other: "Profiler") -> None:
        """Take in what another profiler of the same reference has taken in."""
        self.rows += other.rows
        self.met |= other.met
        self.sample.merge(other.sample)
        for name, counts in other.counts.items():
            self.counts[name].merge(counts)
        for name, sketch in other.sketches.items():
            mine = self.sketches[name]
            if isinstance(mine, NumberSketch):
                mine.merge(cast("NumberSketch", sketch))
            else:
                mine.merge(cast("CategorySketch", sketch))
        for name, count in other.new.items():
            self.new[name] = self.new.get(name, 0) + count

    def profile(self) -> Profile:
        """What has been taken in so far."""
        columns = self.reference.columns
        sample = self.sample.frame() if self.rows else self.reference.rows.iloc[:0].copy()
        absent = tuple(name for name in columns.names if name not in self.met)
        return Profile(
            columns, self.rows, self.counts, self.sketches, sample, self.new, absent if self.rows else ()
        )

    def _note_new(self, there: Mapping[str, pa.Array]) -> None:
        for name, cells in there.items():
            if name in self.counts:
                self.met.add(name)
            elif name not in self.reference.table.column_names and (
                name in self.new or len(self.new) < KEPT_NEW
            ):
                self.new[name] = self.new.get(name, 0) + len(cells) - cells.null_count

    def _number(self, name: str, cells: pa.Array) -> Any:
        values, counts = numbers(cells), self.counts[name]
        known = np.isfinite(values)
        if not known.all():
            endless = np.isinf(values)
            counts.not_finite += int(endless.sum())
            wrong = _strange(cells)
            counts.wrong_type += wrong
            counts.missing += int(len(values) - known.sum() - endless.sum()) - wrong
            values = np.where(endless, np.nan, values)
        base, sketch = self.reference.bases.get(name), self.sketches.get(name)
        if isinstance(base, NumberBase) and isinstance(sketch, NumberSketch):
            sketch.add(values if known.all() else values[known], base)
        return values

    def _text(self, name: str, cells: pa.Array) -> Any:
        words, counts = texts(cells, self.reference.columns, name), self.counts[name]
        counts.missing += words.null_count
        known = words.drop_null() if words.null_count else words
        base, unseen_before = self.reference.bases.get(name), 0
        sketch = self.sketches.get(name)
        if isinstance(base, CategoryBase) and isinstance(sketch, CategorySketch):
            unseen_before = sketch.unseen
            sketch.add(known, base)
        if name in self.reference.worded and not _is_worded(cells.type):
            new = sketch.unseen - unseen_before if isinstance(sketch, CategorySketch) else len(known)
            counts.wrong_type += new
        return words


def cells_of(table: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """The columns of the log's rows: features by name, and the prediction."""
    if "features" in table.column_names and pa.types.is_struct(table.schema.field("features").type):
        features = table["features"]
        for field_, cells in zip(features.type, features.flatten(), strict=True):
            yield field_.name, _whole(cells)
    if PREDICTION in table.column_names:
        yield PREDICTION, _whole(table[PREDICTION])


def _whole(cells: pa.ChunkedArray) -> pa.Array:
    return cells.chunk(0) if cells.num_chunks == 1 else pa.concat_arrays(cells.chunks)


def _strange(cells: pa.Array) -> int:
    """How many cells hold something that is no number."""
    if is_number(cells.type) or pa.types.is_boolean(cells.type) or pa.types.is_null(cells.type):
        return 0
    known = cells.drop_null()
    if not is_text(known.type):
        return len(known)
    words = pc.utf8_trim_whitespace(pc.cast(known, pa.string()))
    blank = pc.or_(pc.equal(words, ""), pc.equal(pc.utf8_lower(words), "nan"))
    read = numbers(known)
    return int(np.isnan(read[~np.asarray(blank.to_numpy(zero_copy_only=False), dtype=bool)]).sum())


def _is_worded(kind: pa.DataType) -> bool:
    is_word = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    return bool(is_word or pa.types.is_null(kind))
