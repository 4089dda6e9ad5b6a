"""A profile against its reference: which columns have drifted, and what is wrong with the data.

A column has drifted when its distance is both more than matters (`SHIFT`) and more than chance explains. Of
the columns that are named, about one in twenty at most is named wrongly, however many there are: Benjamini
and Hochberg's step-up procedure over the columns whose distance matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitoring.columns import LARGEST
from monitoring.drift import categories, chance, numbers, words
from monitoring.drift.base import Reference
from monitoring.drift.categories import CategoryBase, CategorySketch
from monitoring.drift.findings import findings
from monitoring.drift.numbers import NumberBase, NumberSketch
from monitoring.drift.profile import Profile
from monitoring.drift.verdict import SHIFT, ColumnDrift, Drift

FALSE_DISCOVERIES = 0.05
"""The share of wrongly named columns among those named, and of windows without drift that name any."""
APART = float(np.sqrt(np.log(2)))
"""The Jensen-Shannon distance of two sides without anything in common: of a column that lost its values."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A column's distance before the judgement over all of them."""

    column: ColumnDrift
    by_chance: chance.Chance


@dataclass(frozen=True, slots=True)
class _Gone:
    """What chance says of a column without values, of which the reference lacks this share."""

    p: float

    def p_value(self, distance: float) -> float:
        """As likely as that all rows of the window lack it."""
        return self.p if distance else 1.0

    def distance_at(self, level: float) -> float:
        """Any distance, where so many lacking rows are too many for chance."""
        return 0.0 if self.p <= level else 2 * APART


def judge(
    reference: Reference,
    profile: Profile,
    *,
    drift_share: float,
    hidden: frozenset[str] = frozenset(),
    seed: int = 0,
) -> Drift:
    """Compare a window with its reference.

    Args:
        reference: The version's.
        profile: The window's, made with the same reference.
        drift_share: The share of drifted columns from which the window as a whole has drifted.
        hidden: Columns that the log does not hold as they were: left out.
        seed: Of what is drawn.
    """
    columns = reference.columns.without(hidden)
    known = [name for name in columns.names if name in reference.bases]
    gone = tuple(name for name in known if profile.rows and not profile.present(name))
    measured = [
        _gone(name, reference, profile) if name in gone else _measured(name, reference, profile, seed)
        for name in known
        if profile.rows
    ]
    judged = _judged([each for each in measured if each is not None])
    judged.sort(key=lambda column: (-column.ratio, column.name))
    unknown = [name for name in columns.names if name not in reference.bases and profile.rows]
    without = tuple(name for name in unknown if profile.present(name))
    vanished = tuple(column.name for column in judged if column.name in gone and column.is_drifted)
    told = findings(reference, profile, columns, vanished=vanished, without=without)
    return Drift(tuple(judged), vanished, without, told, drift_share)


def level(p_values: Sequence[float]) -> float:
    """The largest p-value that is still called drift (Benjamini and Hochberg 1995).

    Args:
        p_values: One a column; 1 for columns whose distance does not matter.
    """
    count = len(p_values)
    steps = FALSE_DISCOVERIES * np.arange(1, count + 1) / max(count, 1)
    reached = np.flatnonzero(np.sort(p_values) <= steps)
    return float(steps[reached[-1]] if len(reached) else FALSE_DISCOVERIES / max(count, 1))


def _judged(measured: list[_Measured]) -> list[ColumnDrift]:
    mattering = [each.column.p_value if each.column.distance >= SHIFT else 1.0 for each in measured]
    at = level(mattering)
    return [replace(each.column, threshold=max(SHIFT, each.by_chance.distance_at(at))) for each in measured]


def _measured(name: str, reference: Reference, profile: Profile, seed: int) -> _Measured | None:
    base, sketch = reference.bases[name], profile.sketches.get(name)
    error = 0.0
    by_chance: chance.Chance
    if isinstance(base, NumberBase) and isinstance(sketch, NumberSketch):
        distance, error, by_chance = _of_numbers(name, base, sketch, profile, seed)
    elif isinstance(base, CategoryBase) and isinstance(sketch, CategorySketch):
        left, right = categories.joined(base, sketch)
        distance = categories.distance(left, right)
        by_chance = chance.of_categories(left, right, seed=seed)
    else:
        texts = profile.sample[name].dropna().iloc[: words.MOST_TEXTS].tolist()
        told = words.told_apart(base if isinstance(base, list) else [], texts)
        if told is None:
            return None
        distance, by_chance = told
    column = _column(name, reference, profile, distance)
    return _Measured(replace(column, p_value=by_chance.p_value(distance), error=error), by_chance)


def _of_numbers(
    name: str, base: NumberBase, sketch: NumberSketch, profile: Profile, seed: int
) -> tuple[float, float, chance.Chance]:
    sample = profile.sample[name].dropna().to_numpy(dtype=np.float64)
    if profile.is_whole:
        distance, error = numbers.exact(base, sample), 0.0
        sample = np.clip(sample, -LARGEST, LARGEST)
    else:
        distance, error = numbers.wasserstein(base, sketch)
        ends = [sketch.least, sketch.most]
        sample = np.clip(np.concatenate([sample, ends]), sketch.least, sketch.most)
    weight = sketch.rows / len(sample)
    pooled = np.concatenate([base.values, sample])
    weights = np.repeat([1.0, weight], [len(base.values), len(sample)])
    rows = len(base.values), sketch.rows
    return distance, error, chance.of_numbers(pooled, weights, rows, base.scale, seed=seed)


def _gone(name: str, reference: Reference, profile: Profile) -> _Measured:
    lacking = (reference.missing(name) + 1) / (len(reference.rows) + 2)
    by_chance = _Gone(lacking**profile.rows)
    return _Measured(replace(_column(name, reference, profile, APART), p_value=by_chance.p), by_chance)


def _column(name: str, reference: Reference, profile: Profile, distance: float) -> ColumnDrift:
    counts, sketch = profile.counts[name], profile.sketches.get(name)
    values = max(1, profile.rows - counts.missing)
    return ColumnDrift(
        name,
        distance,
        SHIFT,
        reference.columns.kind(name),
        weight=reference.weight(name),
        missing_share=counts.missing / profile.rows,
        reference_missing_share=reference.missing(name) / max(1, len(reference.rows)),
        unseen_share=sketch.unseen / values if isinstance(sketch, CategorySketch) else 0.0,
        out_of_range_share=sketch.outside / values if isinstance(sketch, NumberSketch) else 0.0,
        wrong_type_share=counts.wrong_type / values,
    )
