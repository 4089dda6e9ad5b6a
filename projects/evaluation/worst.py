"""Rows to look at: those that the model got most wrong, and a few drawn at random."""

from typing import Any

import numpy as np
import pandas as pd

from projects.evaluation.answers import Answers
from projects.evaluation.class_scores import row_log_losses

WORST = 20
EXAMPLES = 20
COLUMNS = 40


def worst(answers: Answers, X: pd.DataFrame, *, rows: int = WORST) -> pd.DataFrame:
    """Return the rows with the largest errors, the largest first: for classes the surest mistakes.

    Args:
        answers: To the rows, in their order.
        X: The rows.
        rows: How many to return.
    """
    if answers.classes is None or answers.probabilities is None:
        size = answers.row_losses
    else:
        size = np.where(answers.row_losses > 0, row_log_losses(answers), -1.0)
    at = np.argsort(-size, kind="stable")[:rows]
    return shown(answers, X, at[answers.row_losses[at] > 0])


def examples(answers: Answers, X: pd.DataFrame, *, seed: int, rows: int = EXAMPLES) -> pd.DataFrame:
    """Return a few rows drawn at random, in their order."""
    return shown(answers, X, np.sort(np.random.default_rng(seed).permutation(len(X))[:rows]))


def shown(answers: Answers, X: pd.DataFrame, at: Any) -> pd.DataFrame:
    """Return rows with their truth, what was said and how sure the model was, then their first columns."""
    found = {"row": at, "truth": answers.truth[at], "prediction": answers.predictions[at]}
    if answers.classes is None:
        found["error"] = answers.predictions[at] - answers.truth[at]
    elif answers.probabilities is not None:
        found["probability_of_prediction"] = answers.probabilities[at, answers.said[at]]
        found["probability_of_truth"] = answers.probabilities[at, answers.codes[at]]
    rows = X.iloc[at, :COLUMNS].reset_index(drop=True)
    if any(name in found for name in rows.columns):
        rows = rows.add_prefix("column ")
    joined: pd.DataFrame = pd.DataFrame(found).join(rows)
    return joined
