"""Whether probabilities mean what they say: of the rows given 0.8, are 8 in 10 so?

The expected calibration error (Naeini et al., 2015) is the mean distance between said and seen over bins
of equally many rows. For several classes it is that of the class that is called, by its probability.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from projects.evaluation.answers import Answers
from projects.evaluation.intervals import FEWEST_ROWS, Interval, share_interval

MOST_BINS = 10
ROWS_A_BIN = 20
DRAWS = 200


@dataclass(frozen=True)
class Bin:
    """Rows of nearly the same probability.

    Attributes:
        rows: How many.
        said: Their mean probability.
        seen: The share that is so.
        interval: Where that share lies.
    """

    rows: int
    said: float
    seen: float
    interval: Interval


@dataclass(frozen=True)
class Reliability:
    """How far probabilities are off.

    Attributes:
        bins: By rising probability.
        ece: The expected calibration error.
        ece_interval: Where it lies; None for few rows.
        by_chance: The mean error that perfect probabilities would show on these rows.
        what: What the probabilities are of, in words.
    """

    bins: tuple[Bin, ...]
    ece: float
    ece_interval: Interval | None
    by_chance: float
    what: str

    @property
    def is_off(self) -> bool:
        """Whether the error is more than perfect probabilities would show by chance, and more than 0.02."""
        return self.ece_interval is not None and self.ece_interval.low > max(0.02, 1.5 * self.by_chance)


def reliability(answers: Answers, *, seed: int) -> Reliability | None:
    """Hold said against seen; None without probabilities or for hardly any rows."""
    if answers.classes is None or answers.probabilities is None or len(answers) < FEWEST_ROWS:
        return None
    shares, is_so, what = _claims(answers)
    count = max(1, min(MOST_BINS, len(shares) // ROWS_A_BIN))
    bins = tuple(_bin(shares[at], is_so[at]) for at in _at(shares, count))
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(0, len(shares), len(shares)) for _ in range(DRAWS)]
    # A draw's error holds the rows' own chance twice, so the interval is shifted down by the excess.
    errors = np.array([_ece(shares[at], is_so[at], count) for at in drawn])
    perfect = np.array([_ece(shares, rng.random(len(shares)) < shares, count) for _ in range(DRAWS)])
    ece = _ece(shares, is_so, count)
    low, high = np.quantile(errors, [0.025, 0.975]) - max(0.0, float(errors.mean()) - ece)
    return Reliability(bins, ece, Interval(max(0.0, float(low)), float(high)), float(perfect.mean()), what)


def _claims(answers: Answers) -> tuple[Any, Any, str]:
    classes = answers.classes or ()
    if answers.is_binary:
        return answers.probabilities[:, 1], answers.codes == 1, f"'{classes[1]}'"
    called = answers.probabilities.argmax(axis=1)
    return answers.probabilities.max(axis=1), answers.codes == called, "the class that is called"


def _at(shares: Any, count: int) -> list[Any]:
    return [at for at in np.array_split(np.argsort(shares, kind="stable"), count) if len(at)]


def _bin(shares: Any, is_so: Any) -> Bin:
    hits = int(is_so.sum())
    return Bin(len(shares), float(shares.mean()), hits / len(shares), share_interval(hits, len(shares)))


def _ece(shares: Any, is_so: Any, count: int) -> float:
    gaps = [len(at) * abs(float(shares[at].mean() - is_so[at].mean())) for at in _at(shares, count)]
    return float(sum(gaps) / len(shares))
