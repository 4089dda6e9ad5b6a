"""Ridge regression: least squares with an L2 penalty (Hoerl and Kennard 1970)."""

from typing import Any

from projects.learning.candidates.candidate import REGRESSION, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.linear_model import Ridge

    return Ridge(**{"random_state": making.seed, **parameters})


CANDIDATE = Candidate(
    name="ridge",
    tasks=REGRESSION,
    style="linear",
    cost=3,
    make=make,
    defaults={"alpha": 1.0},
    spans={"alpha": Span(1e-3, 1e4, log=True)},
    grid={"alpha": (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)},
)
