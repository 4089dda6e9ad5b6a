"""After the fit and before the held-out rows: probabilities corrected, then the threshold moved, if asked.

Both are decided on out-of-fold answers alone, so that the held-out scores stay honest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from projects.evaluation.answers import Answers
from projects.evaluation.calibration import Calibrated, calibrate, corrected
from projects.evaluation.gate import Clause
from projects.evaluation.metrics import Metric
from projects.evaluation.threshold import HALF, Choice, apply, choose
from projects.requirement.model import Evaluation


@dataclass(frozen=True)
class Adjusted:
    """A model as it will be served.

    Attributes:
        model: As fitted, or in wrappers.
        before: As fitted.
        calibration: What came of correcting its probabilities; None if that was not asked for.
        threshold: From what probability on a row is positive; None where there are no two classes.
        is_threshold_asked: Whether more than a half was asked for.
    """

    model: Any
    before: Any
    calibration: Calibrated | None
    threshold: Choice | None
    is_threshold_asked: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was done and why, where something was asked for."""
        said = [self.calibration.sentence] if self.calibration else []
        if self.threshold is not None and self.is_threshold_asked:
            said.append(self.threshold.sentence)
        return tuple(said)


def adjust(
    model: Any,
    rows: pd.DataFrame,
    out_of_fold: Answers | None,
    *,
    asked: Evaluation,
    metric: Metric,
    gate: Sequence[Clause] = (),
    seed: int = 7,
) -> Adjusted:
    """Correct and move what was asked for.

    Args:
        model: Fitted.
        rows: Some rows learned from, at least one; wrappers want to see them and learn nothing.
        out_of_fold: Answers on rows learned from, each by a model that had not seen it.
        asked: What was asked for.
        metric: What candidates are compared by.
        gate: Clauses that a threshold is to meet.
        seed: For the folds of trying a correction.
    """
    before, calibration, known = model, None, out_of_fold
    if asked.calibrate == "auto" and known is not None and known.probabilities is not None:
        calibration = calibrate(model, rows, known, seed=seed)
        model = calibration.model
        known = corrected(known, calibration.method) if calibration.method else known
    is_binary = len(getattr(model, "classes_", ())) == 2 and hasattr(model, "predict_proba")
    if not is_binary:
        return Adjusted(model, before, calibration, None)
    usable = known if known is not None and known.probabilities is not None else None
    threshold = choose(usable, asked.threshold, metric=metric, gate=gate)
    if threshold.threshold != HALF:
        model = apply(model, threshold.threshold, rows)
    return Adjusted(model, before, calibration, threshold, asked.threshold != "half")
