"""Linear regression by least squares."""

from typing import Any

from projects.learning.candidates.candidate import REGRESSION, Candidate, Making, Parameters


def make(_making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression(**parameters)


CANDIDATE = Candidate(
    name="linear",
    tasks=REGRESSION,
    style="linear",
    cost=3,
    make=make,
    grid={"fit_intercept": (True, False)},
)
