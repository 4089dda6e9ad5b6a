"""k nearest neighbours."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Choice, Making, Parameters, Span

MOST_ROWS = 20_000
"""The model is its rows: every answer looks through all of them."""


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsRegressor if making.is_regression else KNeighborsClassifier
    fewest = max(1, making.rows // 2) if making.rows else parameters.get("n_neighbors", 5)
    return kind(
        **{"n_jobs": making.threads, **parameters, "n_neighbors": min(parameters["n_neighbors"], fewest)}
    )


CANDIDATE = Candidate(
    name="knn",
    tasks=ALL,
    style="distance",
    cost=4,
    make=make,
    defaults={"n_neighbors": 25, "weights": "distance"},
    spans={"n_neighbors": Span(3, 100, log=True), "weights": Choice(("uniform", "distance")),
           "p": Choice((1, 2))},
    grid={"n_neighbors": (3, 7, 15, 31, 63), "weights": ("uniform", "distance")},
    most_rows=MOST_ROWS,
)  # fmt: skip
