"""Naive Bayes with a normal distribution a column."""

from typing import Any

from projects.learning.candidates.candidate import CLASSES, Candidate, Making, Parameters, Span


def make(_making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB(**parameters)


CANDIDATE = Candidate(
    name="naive_bayes",
    tasks=CLASSES,
    style="linear",
    cost=3,
    make=make,
    defaults={"var_smoothing": 1e-3},
    spans={"var_smoothing": Span(1e-9, 1.0, log=True)},
    grid={"var_smoothing": (1e-9, 1e-6, 1e-3, 1e-2, 1e-1, 1.0)},
)
