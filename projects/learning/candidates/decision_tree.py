"""One decision tree (CART, Breiman et al. 1984)."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if making.is_regression else DecisionTreeClassifier
    return kind(random_state=making.seed, **parameters)


CANDIDATE = Candidate(
    name="decision_tree",
    tasks=ALL,
    style="trees",
    cost=1,
    make=make,
    defaults={"max_depth": 7, "min_samples_leaf": 15},
    spans={"max_depth": Span(2, 16), "min_samples_leaf": Span(2, 100, log=True)},
    grid={"max_depth": (3, 5, 8, 12), "min_samples_leaf": (2, 10, 30, 100)},
)
