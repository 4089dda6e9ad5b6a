"""Rows as the log joins them, whose true probabilities are known."""

import numpy as np
import pyarrow as pa


def scored_rows(
    rows: int,
    seed: int = 0,
    *,
    classes: int = 2,
    boldness: float = 1.0,
    middle: float = 0.0,
    flipped: float = 0.0,
) -> pa.Table:
    """Classifications.

    Args:
        rows: How many.
        seed: Of the draw.
        classes: How many.
        boldness: What the model multiplies true log-odds by; 1 is a calibrated one.
        middle: Where the log-odds of the last class lie: other rows, of equal meaning.
        flipped: The share of rows whose outcome means something else now.
    """
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.5, (rows, classes))
    odds[:, -1] += middle
    true, said = _softmax(odds), _softmax(boldness * odds)
    label = (true.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, classes - 1)
    label = np.where(rng.random(rows) < flipped, (label + 1) % classes, label)
    return pa.table({"prediction": said.argmax(axis=1), "label": label, "probabilities": said.tolist()})


def _softmax(odds: np.ndarray) -> np.ndarray:
    raised = np.exp(odds - odds.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
