"""A plan is accepted only if it answers as the model itself does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.model import PlanUnsupported
from serving.plan.plan import Plan

TOLERANCE = 1e-6
"""How far a probability may be off, and a regression's value relative to its size (or to 1)."""


def check(
    plan: Plan, rows: Sequence[Sequence[object]], predictions: Any, probabilities: Any | None = None
) -> None:
    """Compare a plan's answers, by rows and by columns, with the model's own on the same rows.

    Args:
        plan: The loaded plan.
        rows: Rows in the order of the plan's columns.
        predictions: What the model's pyfunc answers for them; shape (rows,).
        probabilities: What the pipeline's `predict_proba` answers; None where it has none.

    Raises:
        PlanUnsupported: Which row differs, and how.
    """
    scores = plan.score(rows)
    wanted = np.asarray(predictions).tolist()
    labels, shares = plan.score_columns(columns_of(plan, rows))
    _check_answers(plan, scores.predictions, scores.probabilities, wanted, probabilities)
    _check_answers(plan, labels.tolist(), shares, wanted, probabilities)


def columns_of(plan: Plan, rows: Sequence[Sequence[object]]) -> list[NDArray[Any]]:
    """Turn rows into columns, as a batch brings them: float64, or objects where the column is text."""
    cells = zip(plan.columns, zip(*rows, strict=True), strict=True)
    return [np.array(column, dtype=object if kind.type == "string" else np.float64) for kind, column in cells]


def _check_answers(plan: Plan, ours: list[Any], shares: Any, theirs: list[Any], probabilities: Any) -> None:
    if plan.classes is None:
        _check_values(np.array(ours, dtype=float), np.array(theirs, dtype=float))
        return
    for row, (answer, wanted) in enumerate(zip(ours, theirs, strict=True)):
        if answer != wanted or type(answer) is not type(wanted):
            raise PlanUnsupported(f"the plan answers {answer!r} for held-out row {row}, the model {wanted!r}")
    if probabilities is None:
        return
    if shares is None:
        raise PlanUnsupported("the plan has no probabilities, the model has")
    off = np.abs(np.asarray(shares) - np.asarray(probabilities)).max(axis=1)
    if not off.max() <= TOLERANCE:
        row = int(off.argmax())
        raise PlanUnsupported(f"the plan's probabilities for held-out row {row} are off by {off[row]:.2g}")


def _check_values(ours: Any, theirs: Any) -> None:
    off = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    if not off.max() <= TOLERANCE:
        row = int(off.argmax())
        raise PlanUnsupported(f"the plan answers {ours[row]} for held-out row {row}, the model {theirs[row]}")
