"""Lasso: least squares with an L1 penalty, which leaves columns out (Tibshirani 1996).

A penalty that suits depends on the target's unit, so it is tuned in the target's deviations.
"""

from typing import Any

from projects.learning.candidates.candidate import REGRESSION, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.linear_model import Lasso

    return Lasso(**{"random_state": making.seed, "max_iter": 2000, **parameters})


CANDIDATE = Candidate(
    name="lasso",
    tasks=REGRESSION,
    style="linear",
    cost=3,
    make=make,
    defaults={"alpha": 0.002},
    spans={"alpha": Span(1e-5, 1.0, log=True)},
    grid={"alpha": (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1)},
    in_deviations=("alpha",),
)
