"""Categorical columns: counts by the reference's categories, from which the distance is exact.

A Jensen-Shannon distance depends on the categories that the reference does not know only through how many
rows have one, so that however many there are costs nothing.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.drift.chance import jensen_shannon
from monitoring.drift.comparable import CATEGORIES

KEPT_UNSEEN = 100
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CategoryBase:
    """A reference's categorical column.

    Attributes:
        names: Its categories, the most common first.
        counts: How often each stands there.
        once: How many stand there only once: about so many rows of a window without drift have a new one.
    """

    names: pa.Array
    counts: Counts
    once: int

    @classmethod
    def of(cls, values: "pd.Series[str]") -> "CategoryBase":
        """Of texts without gaps."""
        counted = values.value_counts()
        counts = np.array(counted, dtype=np.int64)
        return cls(pa.array(counted.index, pa.string()), counts, int((counts == 1).sum()))

    @property
    def rows(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())


@dataclass(slots=True)
class CategorySketch:
    """A window's categorical column.

    Attributes:
        counts: How often each of the reference's categories stands in it.
        unseen: How many values are of none of them.
        named: How often the first such categories came, at most `KEPT_UNSEEN` of them.
    """

    counts: Counts
    unseen: int = 0
    named: dict[str, int] = field(default_factory=dict)

    @classmethod
    def empty(cls, base: CategoryBase) -> "CategorySketch":
        """Of no values."""
        return cls(np.zeros(len(base.names), dtype=np.int64))

    def add(self, words: pa.Array, base: CategoryBase) -> None:
        """Count texts without gaps in."""
        if not len(words):
            return
        found = pc.index_in(words, value_set=base.names)
        if found.null_count:
            self.unseen += found.null_count
            self._name(pc.value_counts(words.filter(found.is_null())).to_pylist())
        self.counts += np.bincount(found.drop_null().to_numpy(), minlength=len(self.counts))

    def merge(self, other: "CategorySketch") -> None:
        """Count another part of the window in."""
        self.counts += other.counts
        self.unseen += other.unseen
        self._name([{"values": name, "counts": count} for name, count in other.named.items()])

    def _name(self, found: list[dict[str, object]]) -> None:
        for each in found:
            name, count = str(each["values"]), int(str(each["counts"]))
            if name in self.named or len(self.named) < KEPT_UNSEEN:
                self.named[name] = self.named.get(name, 0) + count

    @property
    def rows(self) -> int:
        """How many values there are."""
        return int(self.counts.sum()) + self.unseen


def joined(base: CategoryBase, sketch: CategorySketch) -> tuple[Counts, Counts]:
    """Both sides' counts of the common categories, and of all others together as the last."""
    left = np.append(base.counts[:CATEGORIES], base.counts[CATEGORIES:].sum())
    right = np.append(sketch.counts[:CATEGORIES], sketch.counts[CATEGORIES:].sum() + sketch.unseen)
    there = (left + right) > 0
    return left[there], right[there]


def distance(reference: Counts, window: Counts) -> float:
    """The Jensen-Shannon distance of counts of the same categories, 0 to 0.83."""
    return float(jensen_shannon(reference / reference.sum(), window / window.sum()))
