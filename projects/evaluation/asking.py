"""A fitted model is asked about rows whose truth is known."""

from typing import Any, Literal

import numpy as np
import pandas as pd

from projects.evaluation.answers import Answers

Part = Literal["all", "labels", "shares"]
ROWS_A_CALL = 50_000
"""The matrix of a call is dense: more rows at once would take memory, not save time."""


def ask(
    model: Any, X: pd.DataFrame, truth: Any, classes: tuple[Any, ...] | None, part: Part = "all"
) -> Answers:
    """Ask for labels and probabilities, or for numbers.

    Args:
        model: Fitted.
        X: Rows.
        truth: Theirs, shape (rows,).
        classes: All labels, sorted; None for a regression. A label that the model never saw gets no share.
        part: `labels` asks for no probabilities; `shares` takes the likeliest class for the label.
    """
    parts = [X.iloc[start : start + ROWS_A_CALL] for start in range(0, len(X), ROWS_A_CALL)] or [X]
    has_shares = classes is not None and hasattr(model, "predict_proba")  # a vote of labels has none
    shares = None
    if classes is not None and has_shares and part != "labels":
        shares = np.concatenate([_shares(model, rows, classes) for rows in parts])
        if part == "shares":
            return Answers(truth, np.asarray(classes)[shares.argmax(axis=1)], shares, classes)
    predictions = np.concatenate([np.asarray(model.predict(rows)) for rows in parts])
    return Answers(truth, predictions if classes else predictions.astype(np.float64), shares, classes)


def _shares(model: Any, X: pd.DataFrame, classes: tuple[Any, ...]) -> Any:
    shares = np.asarray(model.predict_proba(X), dtype=np.float64)
    known = list(model.classes_)
    if len(known) == len(classes):
        return shares
    full = np.zeros((len(shares), len(classes)))
    full[:, [classes.index(label) for label in known]] = shares
    return full
