"""Rows in, explanations out: what each input column adds to each row's answer, in the answer's units.

| the answer                  | `base` + the contributions         | `unit`      |
|-----------------------------|------------------------------------|-------------|
| a number                    | the prediction                     | -           |
| a class with probabilities  | the predicted class's probability  | probability |
| a class without any         | the predicted class's decision     | decision    |

The base is what the model answers where nothing is added: for boosters its mean answer over the training rows
(as their libraries weigh it), for linear models the answer for a row whose encoded columns are all 0, which
is the training mean for a standardised number and none of the known levels for a one-hot text; for naive
Bayes the class's prior probability.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.plan.estimator import Matrix
from serving.plan.explaining.explainable import explained
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanInexplicable, Scores
from serving.plan.plan import Batch, Plan

MOST_ROWS = 1_000
"""One row through 200 trees of LightGBM's takes about 3 ms."""

CHUNK_CELLS = 1 << 21
"""Rows are explained in chunks whose contributions have about so many cells (16 MB)."""

OFF = 1e-3
"""The most by which contributions may miss an answer, relative to its size (or to 1): XGBoost's are sums of
float32. What they miss is added to the base."""


def explain(plan: Plan, rows: Sequence[Sequence[object]], scores: Scores) -> list[dict[str, Any]]:
    """Explain a plan's answers.

    Args:
        plan: The plan.
        rows: As they were scored.
        scores: What the plan answered.

    Returns:
        One entry a row: `base`, `contributions` by input column, and for classes `class` and `unit`. Of an
        answer that is not finite they are None.

    Raises:
        PlanInexplicable: There are too many rows, or the model has no contributions of its own.
    """
    if len(rows) > MOST_ROWS:
        raise PlanInexplicable(
            f"at most {MOST_ROWS} rows can be explained in one request, this one has {len(rows)}; send fewer,"
            " or leave 'explain' out"
        )
    outputs = len(plan.classes or (0,))
    size = max(1, CHUNK_CELLS // (outputs * max(1, *plan.widths, len(plan.columns))))
    found: list[dict[str, Any]] = []
    for start in range(0, len(rows), size):
        chunk = slice(start, start + size)
        shares = None if scores.probabilities is None else scores.probabilities[chunk]
        with np.errstate(all="ignore"):
            found += _chunk(plan, rows[chunk], Scores(scores.predictions[chunk], shares))
    return found


def _chunk(plan: Plan, rows: Sequence[Sequence[object]], scores: Scores) -> list[dict[str, Any]]:
    encoders = plan.encoders
    batch = Batch(lambda at: encoders[at].encode(rows), plan.credits)
    parts = explained(plan.model, batch)
    if plan.classes is None:
        answers = np.array(scores.predictions, dtype=np.float64)
        return _entries(plan, parts.base[:, 0], parts.each[:, 0], answers)
    places = {label: place for place, label in enumerate(plan.classes)}
    chosen = np.array([places[label] for label in scores.predictions], dtype=np.intp)
    base, each = _of_class(parts, chosen)
    answers = base + each.sum(axis=1)
    if scores.probabilities is not None:
        answers = np.array(scores.probabilities)[np.arange(len(chosen)), chosen]
    unit = {"unit": "decision" if scores.probabilities is None else "probability"}
    entries = _entries(plan, base, each, answers)
    return [{"class": label} | entry | unit for label, entry in zip(scores.predictions, entries, strict=True)]


def _of_class(parts: Parts, chosen: Any) -> tuple[Matrix, Matrix]:
    """The parts of each row's predicted class; one decision for two classes is the second's."""
    if parts.base.shape[1] == 1:
        sign = np.where(chosen == 1, 1.0, -1.0)
        return parts.base[:, 0] * sign, parts.each[:, 0] * sign[:, None]
    at = np.arange(len(chosen))
    return parts.base[at, chosen], parts.each[at, chosen]


def _entries(plan: Plan, base: Matrix, each: Matrix, answers: Matrix) -> list[dict[str, Any]]:
    """Bases and contributions that add up to the answers."""
    own = answers - each.sum(axis=1)
    off = np.abs(own - base) / np.maximum(1.0, np.abs(answers))
    if (off > OFF).any():
        raise PlanInexplicable(
            f"this model cannot be explained: its contributions miss an answer by {off.max():.2g}"
        )
    names = [column.name for column in plan.columns]
    return [
        {"base": start, "contributions": dict(zip(names, row, strict=True))}
        if math.isfinite(start)
        else {"base": None, "contributions": dict.fromkeys(names)}
        for start, row in zip(own.tolist(), each.tolist(), strict=True)
    ]
