"""Elastic net: least squares with L1 and L2 penalties (Zou and Hastie 2005)."""

from typing import Any

from projects.learning.candidates.candidate import REGRESSION, Candidate, Making, Parameters, Span


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from sklearn.linear_model import ElasticNet

    return ElasticNet(**{"random_state": making.seed, "max_iter": 2000, **parameters})


CANDIDATE = Candidate(
    name="elastic_net",
    tasks=REGRESSION,
    style="linear",
    cost=4,
    make=make,
    defaults={"alpha": 0.01, "l1_ratio": 0.5},
    spans={"alpha": Span(1e-4, 1e3, log=True), "l1_ratio": Span(0.05, 0.95)},
    grid={"alpha": (0.001, 0.01, 0.1, 1.0, 10.0), "l1_ratio": (0.1, 0.5, 0.9)},
)
