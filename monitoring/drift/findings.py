"""What is wrong with a window's data, in sentences: gaps, unseen categories, values out of range, types.

A share is told when it exceeds the reference's by more than a hundredth, and by more than chance explains:
the credible intervals of both rates (Jeffreys' prior) do not meet.
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
    """How often something happened in the window, and by how much that exceeds the reference's rate."""

    sentence: str
    excess: float
    is_told: bool


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
    rates.sort(key=lambda rate: -rate.excess)
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
    at = _Place(f"'{_short(name)}'", level)
    yield at.rate("of the rows lack a value", (counts.missing, rows), (lacking, there))
    if not values:
        return
    known = there - lacking
    kind = "number" if name in reference.columns.numeric else "text"
    yield at.rate(f"of the values are no {kind}", (counts.wrong_type, values), (0, known))
    yield at.rate("of the values are infinite", (counts.not_finite, values), (0, known))
    if isinstance(sketch, NumberSketch) and isinstance(base, NumberBase):
        ends = f"{base.values[0]:.6g} to {base.values[-1]:.6g}"
        what = f"of the values lie outside the reference's range ({ends})"
        yield at.rate(what, (sketch.outside, values), (2, known), is_known=False)
    if isinstance(sketch, CategorySketch) and isinstance(base, CategoryBase):
        which = ", ".join(f"'{_short(each)}'" for each in _commonest(sketch))
        what = f"of the values are of categories that the reference does not have ({which})"
        yield at.rate(what, (sketch.unseen, values), (base.once, base.rows), is_known=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """Of which column rates are told, and how sure they must be."""

    who: str
    level: float

    def rate(
        self, what: str, found: tuple[int, int], usual: tuple[int, int], *, is_known: bool = True
    ) -> _Rate:
        """A rate beside the usual one.

        Args:
            what: Happened.
            found: How often, of how many, in the window.
            usual: How often, of how many, in the reference; of what cannot happen there, as often as chance
                alone lets expect it.
            is_known: Whether the reference has a rate of its own, which is then told too.
        """
        (count, rows), (times, there) = found, usual
        share, expected = count / rows, times / max(1, there)
        beside = f", and {expected:.1%} in the reference" if is_known else ""
        is_told = share - expected >= LEAST_SHARE and _is_beyond_chance(found, usual, self.level)
        return _Rate(f"{self.who}: {share:.1%} {what}{beside}", share - expected, is_told)


def _is_beyond_chance(found: tuple[int, int], usual: tuple[int, int], level: float) -> bool:
    from scipy.special import betaincinv

    (count, rows), (times, there) = found, usual
    least = betaincinv(count + 0.5, rows - count + 0.5, level)
    most = betaincinv(min(times, there) + 0.5, max(0, there - times) + 0.5, 1 - level)
    return bool(least > most)


def _commonest(sketch: CategorySketch) -> list[str]:
    return sorted(sketch.named, key=lambda name: (-sketch.named[name], name))[:NAMED]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."
