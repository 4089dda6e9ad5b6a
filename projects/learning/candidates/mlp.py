"""A small feed-forward net."""

from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span
from projects.learning.candidates.neural import without_torch


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from projects.estimators.feed_forward import FeedForwardClassifier, FeedForwardRegressor

    kind = FeedForwardRegressor if making.is_regression else FeedForwardClassifier
    return kind(random_state=making.seed, n_jobs=1, **parameters)


CANDIDATE = Candidate(
    name="mlp",
    tasks=ALL,
    style="linear",
    cost=12,
    make=make,
    defaults={"hidden_size": 96, "n_layers": 2, "dropout": 0.1, "learning_rate": 3e-3, "max_epochs": 100},
    spans={
        "hidden_size": Span(16, 256, log=True), "n_layers": Span(1, 3), "dropout": Span(0.0, 0.5),
        "learning_rate": Span(3e-4, 2e-2, log=True),
    },
    grid={"hidden_size": (32, 96, 256), "n_layers": (1, 2), "dropout": (0.0, 0.2)},
    most_rows=200_000,
    stops_itself=True,
    start_seconds=2.0,
    missing=without_torch,
)  # fmt: skip
