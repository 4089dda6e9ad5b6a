"""A fitted model is asked about rows whose truth is known."""

from typing import Any

import numpy as np
import pandas as pd

from projects.evaluation.answers import Answers

ROWS_A_CALL = 50_000
"""The matrix of a call is dense: more rows at once would take memory, not save time."""


def ask(model: Any, X: pd.DataFrame, truth: Any, classes: tuple[Any, ...] | None) -> Answers:
    """Ask for labels and probabilities, or for numbers.

    Args:
        model: Fitted.
        X: Rows.
        truth: Theirs, shape (rows,).
        classes: All labels, sorted; None for a regression. A label that the model never saw gets no share.
    """
    parts = [X.iloc[start : start + ROWS_A_CALL] for start in range(0, len(X), ROWS_A_CALL)] or [X]
    predictions = np.concatenate([np.asarray(model.predict(part)) for part in parts])
    if classes is None:
        return Answers(truth, predictions.astype(np.float64), None, None)
    if not hasattr(model, "predict_proba"):  # a vote of labels has none
        return Answers(truth, predictions, None, classes)
    shares = np.concatenate([_shares(model, part, classes) for part in parts])
    return Answers(truth, predictions, shares, classes)


def _shares(model: Any, X: pd.DataFrame, classes: tuple[Any, ...]) -> Any:
    shares = np.asarray(model.predict_proba(X), dtype=np.float64)
    known = list(model.classes_)
    if len(known) == len(classes):
        return shares
    full = np.zeros((len(shares), len(classes)))
    full[:, [classes.index(label) for label in known]] = shares
    return full
