"""scikit-learn's gradient boosting: exact splits (Friedman 2001) on few rows, histograms on many."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span
from projects.learning.candidates.grown import fit_grown
from projects.learning.candidates.rounds import Rounds, Values, Watch, Watched

EXACT_UP_TO = 3000
"""Rows; from there on histograms are several times as fast and no worse."""


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator that suits the number of rows."""
    if making.rows > EXACT_UP_TO:
        return _by_histograms(making, parameters)
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    kind = GradientBoostingRegressor if making.is_regression else GradientBoostingClassifier
    return kind(random_state=making.seed, **parameters)


def _by_histograms(making: Making, parameters: Parameters) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if making.is_regression else HistGradientBoostingClassifier
    same = {"learning_rate", "max_depth", "min_samples_leaf"}
    known = {key: value for key, value in parameters.items() if key in same}
    if "n_estimators" in parameters:
        known["max_iter"] = parameters["n_estimators"]
    share = parameters.get("max_features")
    return kind(
        random_state=making.seed, early_stopping=False, max_leaf_nodes=None,
        max_features=share if isinstance(share, float) else 1.0, **known,
    )  # fmt: skip


def fit(model: Any, X: Values, y: Values, watch: Watch) -> Watched:
    """Fit chunk by chunk, whichever of the two it is."""
    exact = hasattr(model, "n_estimators")
    watched: Watched = fit_grown("n_estimators" if exact else "max_iter")(model, X, y, watch)
    return watched


CANDIDATE = Candidate(
    name="gradient_boosting",
    tasks=ALL,
    style="trees",
    cost=8,
    make=make,
    defaults={
        "n_estimators": 150, "learning_rate": 0.08, "max_depth": 4, "min_samples_leaf": 10,
        "max_features": 0.5, "subsample": 0.8,
    },
    spans={
        "learning_rate": Span(0.03, 0.2, log=True), "max_depth": Span(2, 8),
        "min_samples_leaf": Span(2, 50, log=True), "max_features": Span(0.2, 1.0),
    },
    grid={"max_depth": (2, 4, 6), "learning_rate": (0.04, 0.08, 0.16), "min_samples_leaf": (5, 20)},
    rounds=Rounds("n_estimators", 600, fit),
)  # fmt: skip
