"""What each column adds to each answer: SHAP values, for the models that have them.

LightGBM and XGBoost compute TreeSHAP themselves (Lundberg et al., 2018); for a linear model the values are
exact: coefficient times distance from the mean. They are computed for the cells of the matrix and added up
by column, so that they still sum to the model's margin: log-odds for classes, the number itself for numbers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from projects.evaluation.frozen import unwrapped
from projects.evaluation.owners import MOST_COLUMNS, owners

MOST_ROWS = 2000
PROBE_ROWS = 100
LINEAR = ("LogisticRegression", "LinearRegression", "Ridge", "Lasso", "ElasticNet", "RidgeClassifier")


@dataclass(frozen=True)
class Contributions:
    """What each column adds.

    Attributes:
        columns: Names.
        values: Shape (rows, columns), or (rows, columns, classes) for several classes.
        base: What is there without any column; a number, or one a class.
        rows: The rows explained.
        unit: What is added up, in words.
    """

    columns: tuple[str, ...]
    values: Any
    base: Any
    rows: pd.DataFrame
    unit: str

    @property
    def means(self) -> dict[str, float]:
        """The mean size of what each column adds, the largest first."""
        size = np.abs(self.values).mean(axis=0)
        size = size if size.ndim == 1 else size.mean(axis=1)
        return {self.columns[place]: float(size[place]) for place in np.argsort(-size, kind="stable")}

    @property
    def shares(self) -> dict[str, float]:
        """The same as shares that sum to 1; empty where nothing adds anything."""
        means = self.means
        total = sum(means.values())
        return {name: value / total for name, value in means.items() if value > 0} if total > 0 else {}


def contributions(
    model: Any,
    X: pd.DataFrame,
    *,
    seed: int,
    seconds: float = 6.0,
    clock: Callable[[], float] = time.monotonic,
) -> Contributions | None:
    """Compute SHAP values; None where the model has none (or more columns than can be told apart in time).

    Args:
        model: Fitted; what is under a moved threshold or a calibration is explained.
        X: Held-out rows; at most 2,000 are explained.
        seed: The same seed explains the same rows.
        seconds: About the longest to compute; fewer rows are explained where a few take long.
        clock: Seconds, monotonic.
    """
    pipeline = unwrapped(model)
    if not isinstance(pipeline, Pipeline) or X.shape[1] > MOST_COLUMNS:
        return None
    estimator = unwrapped(pipeline[-1])
    explain = _explainer(estimator)
    if explain is None:
        return None
    drawn = np.random.default_rng(seed).permutation(len(X))[:MOST_ROWS]
    matrix = np.asarray(pipeline[:-1].transform(X.iloc[drawn]), dtype=np.float64)
    started = clock()
    explain(estimator, matrix[:PROBE_ROWS])
    needed = max(1e-9, (clock() - started) / min(PROBE_ROWS, len(matrix)))
    few = max(PROBE_ROWS, int(seconds / needed))
    rows, matrix = X.iloc[drawn[:few]].reset_index(drop=True), matrix[:few]
    cells = explain(estimator, matrix)
    shared = owners(pipeline[:-1], rows)
    values, base = np.tensordot(cells[:, :-1], shared, axes=(1, 0)), cells[0, -1]
    if cells.ndim == 3:
        values = np.moveaxis(values, 1, 2)
    unit = "log-odds" if hasattr(estimator, "classes_") else "the target's unit"
    return Contributions(tuple(str(name) for name in X.columns), values, base, rows, unit)


def _explainer(estimator: Any) -> Callable[[Any, Any], Any] | None:
    kind = type(estimator).__name__
    if kind.startswith("LGBM"):
        return _of_lightgbm
    if kind.startswith("XGB"):
        return _of_xgboost
    return _of_linear if kind in LINEAR else None


def _of_lightgbm(estimator: Any, matrix: Any) -> Any:
    """Return shape (rows, cells + 1) or (rows, cells + 1, classes); the last cell is the base."""
    found = np.asarray(estimator.booster_.predict(matrix, pred_contrib=True))
    width = matrix.shape[1] + 1
    if found.shape[1] == width:
        return found
    return np.moveaxis(found.reshape(len(matrix), -1, width), 1, 2)


def _of_xgboost(estimator: Any, matrix: Any) -> Any:
    from xgboost import DMatrix

    # A model that stopped early answers from its best rounds alone.
    best = getattr(estimator, "best_iteration", None)
    rounds = (0, 0 if best is None else best + 1)
    booster = estimator.get_booster()
    found = booster.predict(DMatrix(matrix), pred_contribs=True, iteration_range=rounds).astype(np.float64)
    return found if found.ndim == 2 else np.moveaxis(found, 1, 2)


def _of_linear(estimator: Any, matrix: Any) -> Any:
    slopes = np.atleast_2d(estimator.coef_)
    means = matrix.mean(axis=0)
    base = np.atleast_1d(estimator.intercept_) + slopes @ means
    cells = (matrix - means)[:, :, None] * slopes.T[None]
    whole = np.concatenate([cells, np.broadcast_to(base, (len(matrix), 1, len(slopes)))], axis=1)
    return whole[:, :, 0] if len(slopes) == 1 else whole
