"""How much each column of numbers matters for a target, by the methods that people name."""

from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_selection import (
    RFE,
    f_classif,
    f_regression,
    mutual_info_classif,
    mutual_info_regression,
    r_regression,
)

from projects.transformers.cells import Numbers

METHODS = ("correlation", "mutual_info", "rfe", "tree_importance", "statistical")


def relevance(
    columns: Numbers, truth: Any, *, method: str, is_classes: bool, n_features: int, seed: int | None
) -> Numbers:
    """Score columns without gaps; larger matters more.

    Args:
        columns: Shape (rows, columns).
        truth: The target, one value a row.
        method: One of METHODS.
        is_classes: Whether the target is classes.
        n_features: How many columns `rfe` leaves.
        seed: For everything random.

    Returns:
        One score a column: absolute correlation (the largest over classes), nats, F, or shares of the
        forest's importance. For `rfe` one over the round: 1 for the columns left at the end, and less the
        earlier a column went.
    """
    if method == "correlation":
        return _correlation(columns, truth, is_classes=is_classes)
    if method == "mutual_info":
        inform = mutual_info_classif if is_classes else mutual_info_regression
        return np.asarray(inform(columns, truth, random_state=seed))
    if method == "statistical":
        return _tested(columns, truth, is_classes=is_classes)
    forest: Any = RandomForestClassifier if is_classes else RandomForestRegressor
    model = forest(60, max_depth=10, min_samples_leaf=3, max_features="sqrt", random_state=seed, n_jobs=1)
    if method == "tree_importance":
        return np.asarray(model.fit(columns, truth).feature_importances_)
    ranking = RFE(model, n_features_to_select=n_features, step=0.25).fit(columns, truth).ranking_
    return np.asarray(1.0 / ranking)


def _correlation(columns: Numbers, truth: Any, *, is_classes: bool) -> Numbers:
    if not is_classes:
        single: Numbers = np.abs(r_regression(columns, np.asarray(truth, dtype=np.float64)))
        return single
    labels = np.unique(truth)
    each = [np.abs(r_regression(columns, (truth == label).astype(np.float64))) for label in labels]
    largest: Numbers = np.max(each, axis=0)
    return largest


def _tested(columns: Numbers, truth: Any, *, is_classes: bool) -> Numbers:
    varies = np.ptp(columns, axis=0) > 0
    scores = np.zeros(columns.shape[1])
    if varies.any() and (not is_classes or len(np.unique(truth)) > 1):
        test = f_classif if is_classes else f_regression
        with np.errstate(all="ignore"):
            scores[varies] = test(columns[:, varies], truth)[0]
    finite: Numbers = np.nan_to_num(scores, nan=0.0, posinf=np.finfo(np.float64).max)
    return finite
