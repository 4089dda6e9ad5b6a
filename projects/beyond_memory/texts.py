"""Steps over texts of labels: spellings, gaps and encodings follow from the table of a column's levels.

What a row learned from gets differs from what the same row gets when served, as in a fit in memory: the
target's mean comes from the folds that do not hold it, and a row is not among its own others.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from projects.beyond_memory.chunks import Chunk
from projects.beyond_memory.levels import GAP, LevelTable, Truth
from projects.transformers.level_counts import LevelCounts
from projects.transformers.target_levels import TargetLevels

Values = NDArray[np.float64]


class Texts:
    """A part that spells, fills and encodes columns of texts.

    Args:
        steps: The part's `spell`, `fill` and `encode`, fitted on the sample.
        columns: Its columns.
        tables: Their levels in all rows.
        truth: The target.

    Attributes:
        fitted: The three steps, fitted.
    """

    def __init__(
        self, steps: Sequence[tuple[str, Any]], columns: Sequence[str], tables: Sequence[LevelTable],
        truth: Truth,
    ) -> None:  # fmt: skip
        self.columns, self._tables, self._truth = list(columns), list(tables), truth
        (spelled, spell), (filled, fill), (encoded, encode) = steps
        self._spell = deepcopy(spell).fit_counts([table.counter() for table in tables])
        self._fill = self._filling(fill)
        finals = [self._finals(at) for at in range(len(self.columns))]
        self._merged = [_merge(table, *final) for table, final in zip(tables, finals, strict=True)]
        self._places = [places for places, _ in finals]
        self._encode = self._encoding(encode, [levels for _, levels in finals])
        self.fitted = [(spelled, self._spell), (filled, self._fill), (encoded, self._encode)]
        self._blocks = [self._block(at, levels) for at, (_, levels) in enumerate(finals)]

    def cells(self, chunk: Chunk, folds: NDArray[np.intp]) -> Values:
        """Return what the rows of a chunk learn from, shape (rows, width)."""
        return np.hstack([self._column(at, chunk, folds) for at in range(len(self.columns))])

    def _column(self, at: int, chunk: Chunk, folds: NDArray[np.intp]) -> Values:
        codes, levels = chunk.coded(self.columns[at])
        places, block = self._tables[at].places(levels), self._blocks[at]
        strange = np.flatnonzero(places < 0)
        if not len(strange):
            at_level = np.concatenate([places, [GAP]])[codes]  # the last one is for a gap, whose code is -1
            return np.asarray(block[folds if block.shape[0] > 1 else 0, self._places[at][at_level]])
        served = self._served(at, levels[strange])
        size = block.shape[1]
        own = np.concatenate([self._places[at][np.maximum(places, 0)], [self._places[at][GAP]]])
        own[strange] = size + np.arange(len(strange))
        wide = np.concatenate([block, np.broadcast_to(served, (len(block), *served.shape))], axis=1)
        return np.asarray(wide[folds if len(wide) > 1 else 0, own[codes]])

    def _filling(self, fill: Any) -> Any:
        """Fit what fills gaps on two rows: the most frequent spelling, and a gap where there are any."""
        rows = np.full((2, len(self.columns)), None, dtype=object)
        for at, table in enumerate(self._tables):
            spelled: dict[str, int] = {}
            for level, count in table.counter().items():
                text = self._spell.spellings_[at][level]
                spelled[text] = spelled.get(text, 0) + count
            frequent = max(sorted(spelled), key=lambda text: spelled[text]) if spelled else None
            rows[:, at] = [frequent, None if table.counts[GAP].any() else frequent]
        return clone(fill).fit(rows)

    def _finals(self, at: int) -> tuple[NDArray[np.intp], list[str]]:
        """Return, for each place of a table, that of its spelling; and the spellings, sorted."""
        table, fill = self._tables[at], self._fill.statistics_[at]
        spelled = [fill, *(self._spell.spellings_[at][level] for level in table.levels)]
        there = table.counts.sum(axis=1) > 0
        levels = sorted({str(text) for text, is_there in zip(spelled, there, strict=True) if is_there})
        known = {text: place for place, text in enumerate(levels)}
        return np.array([known.get(str(text), 0) for text in spelled], dtype=np.intp), levels

    def _encoding(self, encode: Any, levels: list[list[str]]) -> Any:
        if isinstance(encode, LevelCounts):
            made = clone(encode).fit(_rows(levels))
            for at, texts in enumerate(levels):
                counts = self._merged[at][0].sum(axis=1)
                made.counts_[at] = {
                    text: float(np.log1p(count)) for text, count in zip(texts, counts, strict=True)
                }
            return made
        if isinstance(encode, TargetLevels):
            return self._by_target(encode, levels)
        pairs = zip(levels, self._merged, strict=True)
        ranked = [_ranked(texts, counts.sum(axis=1), encode.max_categories) for texts, (counts, _) in pairs]
        return clone(encode).fit(_rows(ranked))

    def _by_target(self, encode: TargetLevels, levels: list[list[str]]) -> TargetLevels:
        """Fit scikit-learn's encoder on the levels alone, and give it the means of all rows."""
        made = deepcopy(encode)
        inner, classes = clone(encode.encoder_), encode.encoder_.classes_
        rows = _rows(levels, least=2 * max(2, len(classes) if classes is not None else 2))
        labels = np.arange(len(rows), dtype=float) if classes is None else np.resize(classes, len(rows))
        inner.set_params(cv=2).fit(rows, labels)
        inner.set_params(cv=encode.encoder_.cv)
        whole = [_means(counts.sum(axis=1), sums.sum(axis=1), self._truth) for counts, sums in self._merged]
        width = range(1 if self._truth.width <= 2 and not _is_many(encode) else self._truth.width)
        inner.encodings_ = [means[:, target].copy() for means, _ in whole for target in width]
        overall = whole[0][1]
        inner.target_mean_ = overall if _is_many(encode) else overall[0]
        made.encoder_ = inner
        return made

    def _block(self, at: int, levels: list[str]) -> Values:
        """Return what rows learn from, by fold (one for all where it is the same) and spelling."""
        counts, sums = self._merged[at]
        if isinstance(self._encode, LevelCounts):
            return np.asarray(np.log(np.maximum(counts.sum(axis=1), 1)).reshape(1, -1, 1))
        if not isinstance(self._encode, TargetLevels):
            return self._encoded(at, np.array(levels, dtype=object))[None]
        others, sums_of_others = counts.sum(axis=1, keepdims=True) - counts, sums.sum(
            axis=1, keepdims=True
        ) - sums  # fmt: skip
        means = [
            _means(others[:, fold], sums_of_others[:, fold], self._truth)[0]
            for fold in range(counts.shape[1])
        ]
        made = np.stack(means)
        return made[:, :, self._kept_of_one] if _is_many(self._encode) else made

    @property
    def _kept_of_one(self) -> list[int]:
        classes = len(self._encode.encoder_.classes_)
        return [place for place in self._encode.kept_ if place < classes]

    def _served(self, at: int, levels: Any) -> Values:
        """Return what levels that the table has not get, as any served row would."""
        texts = pd.DataFrame(self._in_place(at, levels), columns=self.columns)
        spelled = self._fill.transform(self._spell.transform(texts))
        return self._sliced(at, self._encode.transform(spelled))

    def _encoded(self, at: int, levels: Any) -> Values:
        return self._sliced(at, self._encode.transform(self._in_place(at, levels)))

    def _in_place(self, at: int, levels: Any) -> Any:
        rows = np.full((len(levels), len(self.columns)), "", dtype=object)
        rows[:, at] = levels
        return rows

    def _sliced(self, at: int, cells: Any) -> Values:
        widths = self._widths()
        first = sum(widths[:at])
        return np.asarray(cells, dtype=np.float64)[:, first : first + widths[at]]

    def _widths(self) -> list[int]:
        if isinstance(self._encode, LevelCounts):
            return [1] * len(self.columns)
        if isinstance(self._encode, TargetLevels):
            return [self._encode.width_] * len(self.columns)
        numbers = [str(at) for at in range(len(self.columns))]
        made = [name.partition("_")[0] for name in self._encode.get_feature_names_out(numbers)]
        return [made.count(number) for number in numbers]


def _merge(
    table: LevelTable, places: NDArray[np.intp], levels: list[str]
) -> tuple[NDArray[np.int64], Values]:
    counts = np.zeros((len(levels), table.folds), dtype=np.int64)
    sums = np.zeros((len(levels), table.folds, table.truth.width))
    there = table.counts.sum(axis=1) > 0
    np.add.at(counts, places[there], table.counts[there])
    np.add.at(sums, places[there], table.sums[there])
    return counts, sums


def _means(counts: Any, sums: Values, truth: Truth) -> tuple[Values, Values]:
    """Return the shrunk means by level and target, and the means of all (scikit-learn's `smooth="auto"`)."""
    rows, total = counts.sum(), sums.sum(axis=0)
    count = counts[:, None].astype(np.float64)
    with np.errstate(all="ignore"):
        if truth.classes:
            mean, off = sums / count, sums - sums**2 / count
            overall = total / rows
            variance = overall - overall**2
        else:
            mean = sums[:, :1] / count
            off = np.maximum(sums[:, 1:] - sums[:, :1] ** 2 / count, 0.0)
            overall = total[:1] / rows
            variance = total[1:] / rows - overall**2
            mean, overall = mean + truth.shift, overall + truth.shift
        share = variance * count / (variance * count + off / count)
        shrunk = share * mean + (1 - share) * overall
    return np.where(np.isnan(shrunk), overall, shrunk), overall


def _is_many(encode: TargetLevels) -> bool:
    return bool(encode.encoder_.target_type_ == "multiclass")


def _rows(levels: Sequence[Sequence[str]], least: int = 1) -> Any:
    """Return a table that has the texts of each column, shorter ones filled up with their first."""
    size = max([least, *map(len, levels)])
    rows = np.empty((size, len(levels)), dtype=object)
    for at, texts in enumerate(levels):
        rows[:, at] = texts[0] if texts else ""
        rows[: len(texts), at] = texts
    return rows


def _ranked(levels: list[str], counts: Any, most: int | None) -> list[str]:
    """Return each level so often that the frequent ones are those of all rows, the most frequent first."""
    if most is None or len(levels) < most or most < 2:
        return levels
    order = np.argsort(-counts, kind="stable")
    bound = counts[order[most - 2]]
    above = np.unique(counts[counts > bound])
    rank = np.where(counts > bound, 3 + np.searchsorted(above, counts), np.where(counts == bound, 2, 1))
    return [levels[place] for place in order for _ in range(rank[place])]
