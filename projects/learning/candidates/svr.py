"""Support vector machine for numbers; its margin and its penalty are tuned in the target's deviations."""

from typing import Any

from projects.learning.candidates.candidate import REGRESSION, Candidate, Making, Parameters, Span

MOST_ROWS = 8000
"""A fit grows with the square of the rows and more, and every answer with the support vectors."""


def make(_making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.svm import SVR

    return SVR(**{"cache_size": 100, "max_iter": 200_000, **parameters})


CANDIDATE = Candidate(
    name="svr",
    tasks=REGRESSION,
    style="distance",
    cost=9,
    make=make,
    defaults={"C": 1.0, "gamma": "scale", "epsilon": 0.1, "kernel": "rbf"},
    spans={"C": Span(0.05, 50.0, log=True), "gamma": Span(1e-4, 1.0, log=True),
           "epsilon": Span(1e-3, 0.5, log=True)},
    grid={"C": (0.1, 1.0, 10.0, 100.0), "gamma": ("scale", 0.01), "kernel": ("rbf", "linear")},
    in_deviations=("C", "epsilon"),
    most_rows=MOST_ROWS,
)  # fmt: skip
