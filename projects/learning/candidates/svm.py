"""Support vector machine for classes; its margins become probabilities by Platt's sigmoid (1999)."""

from typing import Any

from projects.learning.candidates.candidate import CLASSES, Candidate, Making, Parameters, Span

MOST_ROWS = 4000
"""A fit grows with the square of the rows and more, and every answer with the support vectors."""


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator: the machine learns from all its rows, the sigmoid from three folds of them."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = SVC(**{"random_state": making.seed, "cache_size": 100, "max_iter": 200_000, **parameters})
    return CalibratedClassifierCV(machine, method="sigmoid", cv=3, ensemble=False)


CANDIDATE = Candidate(
    name="svm",
    tasks=CLASSES,
    style="distance",
    cost=9,
    make=make,
    defaults={"C": 1.0, "gamma": "scale", "kernel": "rbf"},
    spans={"C": Span(0.05, 50.0, log=True), "gamma": Span(1e-4, 1.0, log=True)},
    grid={"C": (0.1, 1.0, 10.0), "gamma": ("scale", 0.01, 0.1), "kernel": ("rbf", "linear")},
    most_rows=MOST_ROWS,
)
