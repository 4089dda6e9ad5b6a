"""What quality will turn out to be, told before outcomes come.

The expectation from calibrated probabilities, plus what it was off beyond chance on the newest rows whose
outcomes are known. The interval holds the chance in the outcomes, in the calibration and in that correction.
A change in what equal rows come to is not seen before outcomes come; so the estimate's own error, as it is
without the correction, is told as soon as they do.
"""

import numpy as np
import pyarrow as pa

from monitoring.quality.answers import Answers, has_scores, read_answers
from monitoring.quality.calibrator import Calibrator
from monitoring.quality.expectation import Miss, expected, misses, spreads
from monitoring.quality.figures import Estimate, Figure
from monitoring.quality.measure import Z
from monitoring.quality.metric_names import METRICS

FEWEST_ROWS = 20
FEWEST_KNOWN = 100
"""With fewer outcomes the expectation stands as it is."""
MOST_ROWS = 20_000
"""Of more rows so many, evenly spaced, are taken."""


def estimate(
    rows: pa.Table, calibrator: Calibrator | None, *, known: pa.Table | None = None, seed: int = 0
) -> Estimate | None:
    """Estimate the metrics of rows, and measure the estimate where outcomes are known.

    Args:
        rows: Logged predictions with probabilities.
        calibrator: The version's; None gives no estimate.
        known: Rows with probabilities and outcomes, the newest there are; None for those among `rows`.
        seed: The same seed gives the same intervals.

    Returns:
        None where fewer than 20 rows have a prediction and probabilities.
    """
    if calibrator is None:
        return None
    answers, told = _scored(rows, calibrator), _scored(rows if known is None else known, calibrator)
    if answers is None or len(answers) < FEWEST_ROWS:
        return None
    rng = np.random.default_rng(seed)
    told = None if told is None else told.take(told.truth >= 0)
    missed = misses(_some(told), calibrator, rng) if told is not None and len(told) >= FEWEST_ROWS else {}
    count = len(told) if told is not None and missed else 0
    taken = _some(answers)
    values, chance = expected(taken, calibrator), spreads(taken, calibrator, rng)
    is_enough = count >= FEWEST_KNOWN
    mended = missed if is_enough else {}
    metrics = {
        name: _figure(name, value, mended.get(name), chance.get(name)) for name, value in values.items()
    }
    method = f"expected from calibrated probabilities ({calibrator.method})"
    return Estimate(
        metrics,
        len(answers),
        f"{method}, corrected by {count} outcomes" if is_enough else method,
        {name: -miss.off for name, miss in missed.items()},
        count,
    )


def _figure(name: str, value: float, miss: Miss | None, chance: float | None) -> Figure:
    least, most = METRICS[name].span
    if miss is not None:
        value = min(most, max(least, value + miss.beyond_chance))
    if chance is None:
        return Figure(value)
    half = Z * float(np.hypot(chance, miss.spread if miss else 0.0))
    return Figure(value, max(least, value - half), min(most, value + half))


def _scored(rows: pa.Table, calibrator: Calibrator) -> Answers | None:
    answers = read_answers(rows, calibrator.classes)
    if answers.probabilities is None:
        return None
    return answers.take((answers.said >= 0) & has_scores(answers.probabilities))


def _some(answers: Answers) -> Answers:
    if len(answers) <= MOST_ROWS:
        return answers
    return answers.take(np.linspace(0, len(answers) - 1, MOST_ROWS).astype(np.int64))
