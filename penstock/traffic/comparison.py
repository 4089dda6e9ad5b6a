"""Whether one side of a test is better beyond chance, however often somebody looks at it. Pure.

A test that is watched live is looked at again and again, and a p-value that is meant for one look would
call a difference sooner or later. The mixture sequential probability ratio test (Robbins, 1970; Johari,
Pekelis and Walsh, "Always valid inference", 2015) holds at every look: with a difference `d` of two means,
its variance `V` and a normal prior of variance `tau2` on the true difference, the ratio is

    sqrt(V / (V + tau2)) * exp(tau2 * d^2 / (2 * V * (V + tau2)))

and one over it is a p-value at whatever moment one stops.
"""

import math
from dataclasses import dataclass
from typing import Literal

Word = Literal["too_few", "no_difference", "a_better", "b_better"]
LEVEL = 0.05
FEWEST = 30
"""Outcomes of each side, below which the normal approximation of a mean is not trusted."""
PRIOR = 0.25
"""The prior's spread in standard deviations of one outcome: small to middle effects (Cohen, 1988)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Outcomes of one side: hits as 0 and 1, or errors in the target's unit.

    Attributes:
        count: How many.
        mean: Their mean.
        variance: Their variance.
    """

    count: int
    mean: float = 0.0
    variance: float = 0.0

    @classmethod
    def of_hits(cls, hits: float, count: float) -> "Sample":
        """So many hits among so many; a side that has only met one kind does not look certain by that."""
        smoothed = (hits + 0.5) / (count + 1)
        return cls(int(count), hits / count if count else 0.0, smoothed * (1 - smoothed))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two sides' outcomes say.

    Attributes:
        word: For programs.
        sentence: For people.
        p_value: That chance alone brings as much, at whatever moment one looks; None where they are too few.
        difference: The mean of a less that of b; None where one has none.
    """

    word: Word
    sentence: str
    p_value: float | None = None
    difference: float | None = None


def compare(a: Sample, b: Sample, *, what: str, is_more_better: bool) -> Comparison:
    """Say which side is better.

    Args:
        a: One side.
        b: The other.
        what: What the mean is called in sentences, such as `accuracy`.
        is_more_better: Whether a larger mean is better.
    """
    if min(a.count, b.count) < FEWEST:
        sentence = f"too few to say: {a.count} against {b.count}, and each side needs {FEWEST}"
        return Comparison("too_few", f"{what}: {sentence}")
    difference = a.mean - b.mean
    p_value = always_valid_p(a, b)
    figures = f"{what} {a.mean:.4g} against {b.mean:.4g}"
    if p_value > LEVEL or not difference:
        return Comparison("no_difference", f"no difference beyond chance: {figures}", p_value, difference)
    word: Word = "a_better" if (difference > 0) == is_more_better else "b_better"
    sentence = f"model {word[0].upper()} is better beyond chance: {figures} (p {p_value:.2g})"
    return Comparison(word, sentence, p_value, difference)


def always_valid_p(a: Sample, b: Sample) -> float:
    """The p-value of equal means, valid at every look; 1 where it cannot be told."""
    pooled = (a.count * a.variance + b.count * b.variance) / (a.count + b.count)
    variance = pooled * (1 / a.count + 1 / b.count)
    prior = PRIOR**2 * pooled
    if not math.isfinite(variance) or variance <= 0:
        return 1.0
    difference = a.mean - b.mean
    log_ratio = 0.5 * math.log(variance / (variance + prior)) + prior * difference**2 / (
        2 * variance * (variance + prior)
    )
    return min(1.0, math.exp(-min(log_ratio, 700.0)))
