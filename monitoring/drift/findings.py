"""What is wrong with a window's data, in sentences: gaps, unseen categories, values out of range, types.

A share is told when it exceeds the reference's by more than a hundredth, and by more than chance explains:
the credible intervals of both rates (Jeffreys' prior) do not meet.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitoring.columns import Columns
from monitoring.drift.base import Reference
from monitoring.drift.categories import CategoryBase, CategorySketch
from monitoring.drift.numbers import NumberBase, NumberSketch
from monitoring.drift.profile import Profile

LEAST_SHARE = 0.01
"""A change of a share by less is not told."""
LEVEL = 0.01
"""Of windows without any change, at most this share is told of one."""
NAMED = 3
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class _Rate:
    """How often something happened in the window, and in the reference."""

    sentence: str
    share: float
    usual: float
    is_beyond_chance: bool

    @property
    def is_told(self) -> bool:
        return self.is_beyond_chance and self.share - self.usual >= LEAST_SHARE


def findings(
    reference: Reference,
    profile: Profile,
    columns: Columns,
    *,
    vanished: tuple[str, ...],
    without: tuple[str, ...],
) -> tuple[str, ...]:
    """The sentences, those on whole columns first, then by how much a share has grown.

    Args:
        reference: The version's.
        profile: The window's.
        columns: Those of the reference that are not left out.
        vanished: Columns that have lost all values.
        without: Columns that have values in the window alone.
    """
    if not profile.rows:
        return ()
    level = LEVEL / max(1, 5 * len(columns.names))
    rates = [
        rate
        for name in columns.names
        if name not in vanished
        for rate in _rates(name, reference, profile, level)
        if rate.is_told
    ]
    rates.sort(key=lambda rate: rate.usual - rate.share)
    return (
        *_whole(profile, vanished, without),
        *(rate.sentence for rate in rates),
    )


def _whole(profile: Profile, vanished: tuple[str, ...], without: tuple[str, ...]) -> Iterator[str]:
    for name in vanished:
        strange = profile.counts[name].wrong_type
        if profile.counts[name].not_finite:
            yield f"'{_short(name)}' has no finite number in {profile.rows:,} rows"
        elif strange:
            yield f"'{_short(name)}' has no number: {strange:,} of {profile.rows:,} rows have another type"
        elif name in profile.absent:
            yield f"'{_short(name)}' is gone: no row of the window has the column"
        else:
            yield f"'{_short(name)}' is empty: all {profile.rows:,} rows lack a value"
    for name in without:
        yield f"'{_short(name)}' has values now, and the reference has none: it is not judged"
    for name, count in profile.new.items():
        if count:
            yield f"'{_short(name)}' is new: {count:,} rows have it, and the reference does not know it"


def _rates(name: str, reference: Reference, profile: Profile, level: float) -> Iterator[_Rate]:
    counts, sketch, base = profile.counts[name], profile.sketches.get(name), reference.bases.get(name)
    rows, values = profile.rows, profile.rows - counts.missing
    there, lacking = len(reference.rows), reference.missing(name)
    who = f"'{_short(name)}'"
    yield _rate(f"{who}: {{}} of the rows lack a value", counts.missing, rows, (lacking, there), level)
    if not values:
        return
    known = there - lacking
    if counts.wrong_type:
        kind = "number" if name in reference.columns.numeric else "text"
        yield _rate(f"{who}: {{}} of the values are no {kind}", counts.wrong_type, values, (0, known), level)
    if counts.not_finite:
        yield _rate(f"{who}: {{}} of the values are infinite", counts.not_finite, values, (0, known), level)
    if isinstance(sketch, NumberSketch) and isinstance(base, NumberBase) and sketch.outside:
        ends = f"{base.values[0]:.6g} to {base.values[-1]:.6g}"
        sentence = f"{who}: {{}} of the values lie outside the reference's range ({ends})"
        yield _rate(sentence, sketch.outside, values, (2, known), level, usual=0.0)
    if isinstance(sketch, CategorySketch) and isinstance(base, CategoryBase) and sketch.unseen:
        which = ", ".join(f"'{_short(each)}'" for each in _commonest(sketch))
        sentence = f"{who}: {{}} of the values are of categories that the reference does not have ({which})"
        yield _rate(sentence, sketch.unseen, values, (base.once, base.rows), level, usual=0.0)


def _rate(
    sentence: str,
    count: int,
    rows: int,
    usual_counts: tuple[int, int],
    level: float,
    *,
    usual: float | None = None,
) -> _Rate:
    """A rate beside the usual one, which the sentence tells unless it is given as obvious."""
    from scipy.special import betaincinv

    times, there = usual_counts
    share, expected = count / rows, times / max(1, there)
    least = betaincinv(count + 0.5, rows - count + 0.5, level) if count else 0.0
    most = betaincinv(min(times, there) + 0.5, max(0, there - times) + 0.5, 1 - level)
    said = sentence.format(f"{share:.1%}")
    if usual is None:
        said += f", and {expected:.1%} in the reference"
    return _Rate(said, share, expected, bool(np.greater(least, most)))


def _commonest(sketch: CategorySketch) -> list[str]:
    return sorted(sketch.named, key=lambda name: (-sketch.named[name], name))[:NAMED]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."
