"""Extremely randomised trees (Geurts et al. 2006): forests whose thresholds are drawn."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesRegressor if making.is_regression else ExtraTreesClassifier
    return kind(random_state=making.seed, n_jobs=making.threads, **parameters)


CANDIDATE = Candidate(
    name="extra_trees",
    tasks=ALL,
    style="trees",
    cost=5,
    make=make,
    defaults={"n_estimators": 120, "max_depth": 18, "min_samples_leaf": 3, "max_features": 0.4},
    portfolio=({"min_samples_leaf": 6, "max_features": 0.8},),
    spans={
        "max_depth": Span(6, 26), "min_samples_leaf": Span(1, 20, log=True), "max_features": Span(0.1, 1.0),
    },
    grid={"max_depth": (10, 18, 26), "min_samples_leaf": (1, 3, 10), "max_features": (0.3, 0.8)},
)  # fmt: skip
