"""Random forests (Breiman 2001)."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if making.is_regression else RandomForestClassifier
    return kind(random_state=making.seed, n_jobs=making.threads, **parameters)


CANDIDATE = Candidate(
    name="random_forest",
    tasks=ALL,
    style="trees",
    cost=6,
    make=make,
    defaults={"n_estimators": 120, "max_depth": 16, "min_samples_leaf": 2, "max_features": 0.3},
    portfolio=({"min_samples_leaf": 5, "max_features": 0.2},),
    spans={
        "max_depth": Span(6, 24), "min_samples_leaf": Span(1, 20, log=True), "max_features": Span(0.1, 1.0),
    },
    grid={"max_depth": (8, 16, 24), "min_samples_leaf": (1, 3, 10), "max_features": (0.2, 0.5)},
)  # fmt: skip
