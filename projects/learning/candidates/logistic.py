"""Logistic regression with an L2 penalty."""

from typing import Any

from projects.learning.candidates.candidate import CLASSES, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**{"max_iter": 300, "random_state": making.seed, **parameters})


CANDIDATE = Candidate(
    name="logistic",
    tasks=CLASSES,
    style="linear",
    cost=3,
    make=make,
    defaults={"C": 0.5},
    portfolio=({"C": 0.03},),
    spans={"C": Span(1e-3, 1e2, log=True)},
    grid={"C": (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)},
)
