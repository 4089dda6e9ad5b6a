"""A plan is accepted only if it answers as the model itself does."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.plan.model import PlanUnsupported
from serving.plan.plan import Plan

TOLERANCE = 1e-6
"""How far a probability may be off, and a regression's value relative to its size (or to 1)."""


def check(
    plan: Plan, rows: Sequence[Sequence[object]], predictions: Any, probabilities: Any | None = None
) -> None:
    """Compare a plan's answers with the model's own on the same rows.

    Args:
        plan: The loaded plan.
        rows: Rows in the order of the plan's columns.
        predictions: What the model's pyfunc answers for them; shape (rows,).
        probabilities: What the pipeline's `predict_proba` answers; None for a regression.

    Raises:
        PlanUnsupported: Which row differs, and how.
    """
    scores = plan.score(rows)
    wanted = np.asarray(predictions).tolist()
    if plan.classes is None:
        _check_values(np.array(scores.predictions, dtype=float), np.array(wanted, dtype=float))
        return
    for row, (ours, theirs) in enumerate(zip(scores.predictions, wanted, strict=True)):
        if ours != theirs or type(ours) is not type(theirs):
            raise PlanUnsupported(f"the plan answers {ours!r} for held-out row {row}, the model {theirs!r}")
    if probabilities is not None:
        off = np.abs(np.array(scores.probabilities) - np.asarray(probabilities)).max(axis=1)
        if not off.max() <= TOLERANCE:
            row = int(off.argmax())
            raise PlanUnsupported(
                f"the plan's probabilities for held-out row {row} are off by {off[row]:.2g}"
            )


def _check_values(ours: Any, theirs: Any) -> None:
    off = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    if not off.max() <= TOLERANCE:
        row = int(off.argmax())
        raise PlanUnsupported(f"the plan answers {ours[row]} for held-out row {row}, the model {theirs[row]}")
