"""Rows whose outcomes are known, as the frame that Evidently's quality presets read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.quality.answers import Answers, has_scores, numbers, read_answers
from monitoring.quality.metric_names import REGRESSION

TRUTH, SAID = "outcome", "prediction"
MOST_ROWS = 10_000
MOST_CLASSES = 20
"""A confusion matrix of more cannot be read."""
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class Scored:
    """Outcomes beside predictions.

    Attributes:
        frame: The columns that are named here.
        truth: The outcomes' column.
        said: The predictions' column.
        shares: The columns of probabilities, named as the classes are, in their order; empty without.
        is_regression: Whether both are numbers.
        positive: The class that two classes' metrics are of; None for more classes and for numbers.
    """

    frame: pd.DataFrame
    truth: str
    said: str
    shares: tuple[str, ...]
    is_regression: bool = False
    positive: str | None = None


def scored(
    rows: pa.Table, *, task: str, classes: Sequence[Any] | None = None, seed: int = 0
) -> Scored | None:
    """Lay out the rows that can be scored, at most `MOST_ROWS` of them drawn by chance.

    Args:
        rows: With prediction, label, and probabilities where there are any.
        task: `binary`, `multiclass` or `regression`.
        classes: The labels in the order of the probabilities; None for those that the rows hold.
        seed: The same seed draws the same rows.

    Returns:
        None where there is nothing to score.
    """
    if "label" not in rows.column_names or rows["label"].null_count == rows.num_rows:
        return None
    rows = rows.filter(rows["label"].is_valid())
    if rows.num_rows > MOST_ROWS:
        drawn = np.random.default_rng(seed).choice(rows.num_rows, MOST_ROWS, replace=False)
        rows = rows.take(np.sort(drawn))
    return _numbers(rows) if task == REGRESSION else _classes(read_answers(rows, classes))


def _numbers(rows: pa.Table) -> Scored | None:
    frame = pd.DataFrame({TRUTH: numbers(rows["label"]), SAID: numbers(rows["prediction"])})
    frame = frame.replace([np.inf, -np.inf], np.nan).dropna(ignore_index=True)
    return Scored(frame, TRUTH, SAID, (), is_regression=True) if len(frame) > 1 else None


def _classes(answers: Answers) -> Scored | None:
    usable = (answers.truth >= 0) & (answers.said >= 0)
    shares = answers.probabilities
    if shares is not None and (usable & has_scores(shares)).any():
        usable &= has_scores(shares)
    else:
        shares = None
    answers = answers.take(usable)
    if len(answers) < 2 or len(answers.classes) < 2:
        return None
    names = _spelled(answers.classes)
    kept, words = _most_common(answers, names)
    truth, said = _free(TRUTH, words), _free(SAID, words)
    positive = names[1] if len(names) == 2 else None
    frame = pd.DataFrame({truth: words[answers.truth], said: words[answers.said]})
    if shares is None or len(kept) < len(names):
        return Scored(frame, truth, said, (), positive=positive)
    for place, name in enumerate(names):
        frame[name] = answers.probabilities[:, place]
    return Scored(frame, truth, said, tuple(names), positive=positive)


def _spelled(classes: Sequence[Any]) -> list[str]:
    """Classes as texts, no two alike."""
    names: list[str] = []
    for each in classes:
        name = str(each)
        while name in names:
            name += "'"
        names.append(name)
    return names


def _most_common(answers: Answers, names: list[str]) -> tuple[Any, Any]:
    counts = np.bincount(answers.truth, minlength=len(names)) + np.bincount(
        answers.said, minlength=len(names)
    )
    kept = np.arange(len(names)) if len(names) <= MOST_CLASSES else np.argsort(-counts)[: MOST_CLASSES - 1]
    words = np.full(len(names), OTHER, dtype=object)
    words[kept] = np.array(names, dtype=object)[kept]
    return kept, words


def _free(name: str, taken: Any) -> str:
    while name in set(taken):
        name += " "
    return name
