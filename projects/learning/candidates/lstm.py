"""An LSTM over the windows of a time column; without one it reads the columns as a sequence."""

from collections.abc import Sequence
from typing import Any

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span
from projects.learning.candidates.neural import without_torch


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from projects.estimators.sequence import SequenceClassifier, SequenceRegressor

    kind = SequenceRegressor if making.is_regression else SequenceClassifier
    return kind(random_state=making.seed, n_jobs=1, **parameters)


def adapt(model: Any, names: Sequence[str]) -> None:
    """Point it at the windows among the columns, if there are any."""
    from projects.estimators.windows import steps_of

    places = steps_of(list(names))
    if places is not None:
        model.set_params(steps=places.tolist())


CANDIDATE = Candidate(
    name="lstm",
    tasks=ALL,
    style="linear",
    cost=20,
    make=make,
    defaults={"hidden_size": 32, "dropout": 0.1, "learning_rate": 5e-3, "max_epochs": 40},
    spans={
        "hidden_size": Span(8, 96, log=True), "dropout": Span(0.0, 0.5),
        "learning_rate": Span(5e-4, 2e-2, log=True),
    },
    grid={"hidden_size": (16, 32, 64), "dropout": (0.0, 0.2)},
    most_rows=50_000,
    stops_itself=True,
    start_seconds=2.0,
    adapt=adapt,
    missing=without_torch,
)  # fmt: skip
