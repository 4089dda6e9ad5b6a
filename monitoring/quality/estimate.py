"""What quality will turn out to be, told before outcomes come.

The expectation from calibrated probabilities, or from what held-out rows told of a regression's errors, plus
what it was off beyond chance on the newest rows whose outcomes are known. The interval holds the chance in
the outcomes, in the expectation and in that correction. A change in what equal rows come to is not seen
before outcomes come; so the estimate's own error, as it is without the correction, is told once they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from monitoring.quality.answers import Answers, has_scores, numbers, read_answers
from monitoring.quality.calibrator import Calibrator
from monitoring.quality.expectation import Miss, expected, misses, spreads
from monitoring.quality.figures import Estimate, Figure
from monitoring.quality.measure import Z
from monitoring.quality.metric_names import METRICS
from monitoring.quality.residuals import POWERS, Residuals

FEWEST_ROWS = 20
FEWEST_KNOWN = 100
"""With fewer outcomes the expectation stands as it is."""
MOST_ROWS = 20_000
"""Of more rows so many, evenly spaced, are taken."""


@dataclass(frozen=True, slots=True)
class _Expectation:
    values: Mapping[str, float]
    chance: Mapping[str, float]
    rows: int


@dataclass(frozen=True, slots=True)
class _Evidence:
    misses: Mapping[str, Miss]
    rows: int


def estimate(
    rows: pa.Table, by: Calibrator | Residuals | None, *, known: pa.Table | None = None, seed: int = 0
) -> Estimate | None:
    """Estimate the metrics of rows, and measure the estimate where outcomes are known.

    Args:
        rows: Logged predictions; of a classification with probabilities, of a regression with features.
        by: What the version's held-out rows told; None gives no estimate.
        known: Rows with outcomes, otherwise alike, the newest there are; None for those among `rows`.
        seed: The same seed gives the same intervals.

    Returns:
        None where fewer than 20 rows have what it is made from.
    """
    if by is None:
        return None
    known = rows if known is None else known
    if isinstance(by, Residuals):
        found, evidence = _of_numbers(rows, by), _told_of_numbers(known, by)
        method = "expected from what held-out rows tell of the errors"
    else:
        rng = np.random.default_rng(seed)
        found, evidence = _of_classes(rows, by, rng), _told_of_classes(known, by, rng)
        method = f"expected from calibrated probabilities ({by.method})"
    return None if found is None else _estimate(found, evidence, method)


def _estimate(found: _Expectation, evidence: _Evidence, method: str) -> Estimate:
    is_enough = evidence.rows >= FEWEST_KNOWN
    mended = evidence.misses if is_enough else {}
    metrics = {
        name: _figure(name, value, mended.get(name), found.chance.get(name))
        for name, value in found.values.items()
    }
    if "mse" in metrics:
        metrics["rmse"] = _root(metrics["mse"])
    error = {name: -miss.off for name, miss in evidence.misses.items()}
    said = f"{method}, corrected by {evidence.rows} outcomes" if is_enough else method
    return Estimate(metrics, found.rows, said, error, evidence.rows)


def _figure(name: str, value: float, miss: Miss | None, chance: float | None) -> Figure:
    least, most = METRICS[name].span
    if miss is not None:
        value = min(most, max(least, value + miss.beyond_chance))
    if chance is None:
        return Figure(value)
    half = Z * float(np.hypot(chance, miss.spread if miss else 0.0))
    return Figure(value, max(least, value - half), min(most, value + half))


def _root(figure: Figure) -> Figure:
    ends = (figure.value, figure.low or 0.0, figure.high or 0.0)
    return Figure(*(float(np.sqrt(end)) for end in ends))


def _of_classes(rows: pa.Table, by: Calibrator, rng: np.random.Generator) -> _Expectation | None:
    answers = _scored(rows, by)
    if answers is None or len(answers) < FEWEST_ROWS:
        return None
    taken = answers.take(_some(len(answers)))
    return _Expectation(expected(taken, by), spreads(taken, by, rng), len(answers))


def _told_of_classes(known: pa.Table, by: Calibrator, rng: np.random.Generator) -> _Evidence:
    answers = _scored(known, by) if "label" in known.column_names else None
    told = None if answers is None else answers.take(answers.truth >= 0)
    if told is None or len(told) < FEWEST_ROWS:
        return _Evidence({}, 0)
    return _Evidence(misses(told.take(_some(len(told))), by, rng), len(told))


def _scored(rows: pa.Table, by: Calibrator) -> Answers | None:
    answers = read_answers(rows, by.classes)
    if answers.probabilities is None:
        return None
    return answers.take((answers.said >= 0) & has_scores(answers.probabilities))


def _of_numbers(rows: pa.Table, by: Residuals) -> _Expectation | None:
    rows = rows.filter(pa.array(np.isfinite(numbers(rows["prediction"]))))
    if rows.num_rows < FEWEST_ROWS:
        return None
    found = by.expected(rows.take(_some(rows.num_rows)))
    values = {name: each.value for name, each in found.items()}
    return _Expectation(values, {name: each.spread for name, each in found.items()}, rows.num_rows)


def _told_of_numbers(known: pa.Table, by: Residuals) -> _Evidence:
    if "label" not in known.column_names:
        return _Evidence({}, 0)
    losses = np.abs(numbers(known["label"]) - numbers(known["prediction"]))
    there = np.isfinite(losses)
    if there.sum() < FEWEST_ROWS:
        return _Evidence({}, 0)
    at = np.flatnonzero(there)[_some(int(there.sum()))]
    said, seen = by.expected(known.take(at)), losses[at]
    off = {
        name: Miss(float((seen**power).mean()) - said[name].value, said[name].spread)
        for name, power in POWERS.items()
    }
    return _Evidence(off, int(there.sum()))


def _some(rows: int) -> np.ndarray:
    return np.linspace(0, rows - 1, min(rows, MOST_ROWS)).astype(np.int64)
