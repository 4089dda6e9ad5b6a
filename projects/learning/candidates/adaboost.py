"""AdaBoost (Freund and Schapire 1997) over shallow trees."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator; `max_depth` is that of its trees."""
    from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    own = {key: value for key, value in parameters.items() if key != "max_depth"}
    depth = parameters.get("max_depth", 1)
    if making.is_regression:
        return AdaBoostRegressor(DecisionTreeRegressor(max_depth=depth), random_state=making.seed, **own)
    return AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), random_state=making.seed, **own)


CANDIDATE = Candidate(
    name="adaboost",
    tasks=ALL,
    style="trees",
    cost=7,
    make=make,
    defaults={"n_estimators": 60, "learning_rate": 0.5, "max_depth": 3},
    spans={
        "n_estimators": Span(20, 150, log=True), "learning_rate": Span(0.03, 1.0, log=True),
        "max_depth": Span(1, 6),
    },
    grid={"n_estimators": (50, 100), "learning_rate": (0.1, 0.5, 1.0), "max_depth": (1, 3)},
    most_rows=50_000,
)  # fmt: skip
