"""Correcting a classifier's probabilities, if that helps beyond chance.

The correction is learned from out-of-fold answers: those on the rows learned from are too sure of
themselves. What is served is scikit-learn's `CalibratedClassifierCV` around the frozen, fitted model. It is
fitted here on a stand-in that repeats the out-of-fold probabilities, which is then exchanged for the model.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold

from projects.counted import counted
from projects.evaluation.answers import Answers
from projects.evaluation.class_scores import row_briers, row_log_losses
from projects.evaluation.intervals import Interval, paired_interval

FEWEST_ROWS = 100
FEWEST_OF_A_CLASS = 10
FEWEST_FOR_STEPS = 1000
"""scikit-learn's own advice: isotonic regression overfits on fewer rows."""
FOLDS = 5


@dataclass(frozen=True)
class Calibrated:
    """What came of a calibration.

    Attributes:
        model: The model to use: corrected, or as it came.
        method: `sigmoid`, `isotonic` or `temperature`; empty if it stayed as it was.
        sentence: What was done and why.
        gain: By how much the log loss falls on rows that the correction has not seen, if any was tried.
    """

    model: Any
    method: str
    sentence: str
    gain: Interval | None


class Repeated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A classifier that answers row number n with the n-th of known probabilities."""

    def __init__(self, probabilities: Any = None, classes: Any = None) -> None:
        self.probabilities = probabilities
        self.classes = classes

    def fit(self, X: Any, y: Any) -> "Repeated":
        """Learn nothing but which classes there are."""
        del X, y
        self.classes_ = np.asarray(self.classes)
        return self

    def predict(self, X: Any) -> Any:
        """Return the likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """Return what is known of the rows; X holds their numbers, shape (rows, 1)."""
        return self.probabilities[np.asarray(X)[:, 0]]


def calibrate(model: Any, rows: pd.DataFrame, out_of_fold: Answers, *, seed: int) -> Calibrated:
    """Correct the probabilities if that lowers the log loss beyond chance and does not raise the Brier score.

    Args:
        model: Fitted, with `predict_proba`.
        rows: Some rows, for wrappers that want to see them; they learn nothing.
        out_of_fold: Answers on rows learned from, each by a model that had not seen it.
        seed: For the folds on which the correction is tried.
    """
    classes = out_of_fold.classes
    if classes is None:
        return Calibrated(model, "", "numbers have no probabilities to calibrate", None)
    fewest = int(np.bincount(out_of_fold.codes, minlength=len(classes)).min())
    if len(out_of_fold) < FEWEST_ROWS or fewest < FEWEST_OF_A_CLASS:
        why = f"{counted(len(out_of_fold), 'row')}, {fewest:,} of the rarest class"
        wanted = f"{FEWEST_ROWS} and {FEWEST_OF_A_CLASS} are needed"
        return Calibrated(model, "", f"probabilities are as the model gives them: {why}; {wanted}", None)
    tried = {method: _gains(out_of_fold, method, seed) for method in _methods(out_of_fold)}
    method, (losses, briers) = max(tried.items(), key=lambda item: float(item[1][0].mean()))
    gain = paired_interval(losses)
    if gain.low <= 0 or briers.mean() < 0:
        said = (
            f"correcting them ({method}) changes the log loss by {-losses.mean():+.4f} (+- {gain.half:.4f})"
        )
        why = "no sure gain" if gain.low <= 0 else f"but the Brier score by {-briers.mean():+.4f}"
        return Calibrated(model, "", f"probabilities are as the model gives them: {said}, {why}", gain)
    sentence = (
        f"probabilities are corrected ({method}): on rows that the correction had not seen the log loss"
        f" fell by {losses.mean():.4f} (+- {gain.half:.4f})"
    )
    return Calibrated(wrapped(model, rows, out_of_fold, method), method, sentence, gain)


def _methods(out_of_fold: Answers) -> tuple[str, ...]:
    smooth = ("temperature", "sigmoid") if out_of_fold.is_binary else ("temperature",)
    return (*smooth, "isotonic") if len(out_of_fold) >= FEWEST_FOR_STEPS else smooth


def _gains(out_of_fold: Answers, method: str, seed: int) -> tuple[Any, Any]:
    """Learn the correction on some rows and look at others; return how much better each row fares."""
    losses, briers = np.zeros(len(out_of_fold)), np.zeros(len(out_of_fold))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for learn, look in folds.split(out_of_fold.codes, out_of_fold.codes):
        fitted = _corrector(out_of_fold.take(learn), method)
        fitted.calibrated_classifiers_[0].estimator = _repeated(out_of_fold)
        seen = out_of_fold.take(look)
        after = Answers(seen.truth, seen.predictions, fitted.predict_proba(look[:, None]), seen.classes)
        losses[look] = row_log_losses(seen) - row_log_losses(after)
        briers[look] = row_briers(seen) - row_briers(after)
    return losses, briers


def _repeated(answers: Answers) -> Any:
    return Repeated(answers.probabilities, np.asarray(answers.classes)).fit(None, None)


def _corrector(answers: Answers, method: str) -> Any:
    rows = np.arange(len(answers))
    corrector = CalibratedClassifierCV(
        FrozenEstimator(_repeated(answers)), method=method, cv=[(rows, rows)], ensemble=False
    )
    return corrector.fit(rows[:, None], answers.truth)


def wrapped(model: Any, rows: pd.DataFrame, out_of_fold: Answers, method: str) -> Any:
    """Return the model with a correction learned from out-of-fold answers; arguments as of `calibrate`."""
    fitted = _corrector(out_of_fold, method)
    frozen = FrozenEstimator(answering_probabilities(model, rows))
    fitted.calibrated_classifiers_[0].estimator = frozen
    return fitted.set_params(estimator=frozen, cv=None)


def answering_probabilities(model: Any, rows: pd.DataFrame) -> Any:
    """Hide a model's `decision_function`, which scikit-learn would calibrate in place of the probabilities.

    A soft vote of one member has none, and answers with the member's probabilities to the last bit.
    """
    if not hasattr(model, "decision_function"):
        return model
    frozen = FrozenEstimator(model)
    few = rows.iloc[np.zeros(len(model.classes_), dtype=int)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return VotingClassifier([("model", frozen)], voting="soft").fit(few, np.asarray(model.classes_))


def corrected(out_of_fold: Answers, method: str) -> Answers:
    """Return out-of-fold answers as the correction learned from them changes them."""
    fitted = _corrector(out_of_fold, method)
    shares = fitted.predict_proba(np.arange(len(out_of_fold))[:, None])
    said = np.asarray(out_of_fold.classes)[shares.argmax(axis=1)]
    return Answers(out_of_fold.truth, said, shares, out_of_fold.classes)
