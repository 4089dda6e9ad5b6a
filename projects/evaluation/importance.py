"""How much each column matters: how much worse the model answers when the column's cells are shuffled.

Permutation importance (Breiman, 2001; Fisher et al., 2019) over the columns that the model takes, so that it
speaks of any pipeline or ensemble in the table's own words. Two columns that tell the same share their
importance; it is not a cause.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from projects.evaluation.answers import Answers
from projects.evaluation.asking import Part, ask
from projects.evaluation.metrics import Metric
from projects.evaluation.own_weights import own_weights

MOST_ROWS = 3000
FEWEST_ROWS = 200
ROUNDS = 5
OF_SHARES = ("roc_auc", "average_precision", "log_loss", "brier")
"""The metrics that need probabilities and no labels."""
ROWS_A_CALL = 20_000
CELLS_A_CALL = 2_000_000
"""Shuffled copies are asked together, as many as fit: a call costs more than its rows."""


@dataclass(frozen=True)
class Weight:
    """What one column weighs.

    Attributes:
        column: Its name.
        drop: How much worse the metric is without it, mean over the rounds; below 0 is chance.
        deviation: The standard deviation over the rounds.
        rounds: How often it was shuffled; 0 where time ran out before.
    """

    column: str
    drop: float
    deviation: float
    rounds: int


@dataclass(frozen=True)
class Importance:
    """What all columns weigh, the heaviest first.

    Attributes:
        weights: One a column.
        metric: What got worse.
        rows: On how many held-out rows.
    """

    weights: tuple[Weight, ...]
    metric: Metric
    rows: int

    @property
    def shares(self) -> dict[str, float]:
        """The columns that matter, as shares that sum to 1; empty where none does."""
        total = sum(max(0.0, weight.drop) for weight in self.weights)
        return {w.column: w.drop / total for w in self.weights if w.drop > 0} if total > 0 else {}

    @property
    def left_out(self) -> int:
        """How many columns there was no time for."""
        return sum(weight.rounds == 0 for weight in self.weights)


def permutation_importance(
    model: Any,
    X: pd.DataFrame,
    truth: Any,
    classes: tuple[Any, ...] | None,
    metric: Metric,
    *,
    seed: int,
    seconds: float = 6.0,
    clock: Callable[[], float] = time.monotonic,
) -> Importance:
    """Shuffle each column in turn and see what it costs.

    Args:
        model: Fitted.
        X: Held-out rows; at most 3,000 of them are used.
        truth: Theirs.
        classes: All labels, sorted; None for a regression.
        metric: What to look at.
        seed: The same seed shuffles alike.
        seconds: The longest to shuffle; columns that are likely the heaviest come first.
        clock: Seconds, monotonic.
    """
    deadline, rng = clock() + seconds, np.random.default_rng(seed)
    part: Part = "shares" if metric.name.startswith(OF_SHARES) else "labels"
    most = max(100, min(MOST_ROWS, CELLS_A_CALL // max(1, X.shape[1])))
    at = rng.permutation(len(X))[:most]
    X, truth, started = X.iloc[at].reset_index(drop=True), truth[at], clock()
    whole = ask(model, X, truth, classes, part)
    few = _affordable(clock() - started, len(X), X.shape[1], seconds)
    X, whole = X.iloc[:few], whole.take(slice(0, few))
    base, sign = metric.measure(whole), 1 if metric.is_better_higher else -1
    drops: dict[str, list[float]] = {str(name): [] for name in X.columns}
    names = _in_order(model, X, whole)
    for _ in range(ROUNDS):
        for some in _calls(names, X):
            if clock() > deadline:
                break
            for name, answers in _shuffled(model, X, whole, some, rng=rng, part=part):
                drops[name].append(sign * (base - metric.measure(answers)))
    weights = [_weight(name, values) for name, values in drops.items()]
    return Importance(tuple(sorted(weights, key=lambda w: (w.rounds == 0, -w.drop))), metric, len(X))


def _calls(names: Sequence[str], X: pd.DataFrame) -> Iterator[Sequence[str]]:
    size = max(1, min(ROWS_A_CALL, CELLS_A_CALL // max(1, X.shape[1])) // max(1, len(X)))
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _affordable(asked_s: float, rows: int, columns: int, seconds: float) -> int:
    """Return how many rows can be used for every column to have its turn."""
    one_round_s = asked_s * columns
    return rows if one_round_s <= 0.7 * seconds else max(FEWEST_ROWS, int(rows * 0.7 * seconds / one_round_s))


def _shuffled(
    model: Any, X: pd.DataFrame, whole: Answers, names: Sequence[str], *, rng: np.random.Generator, part: Part
) -> Iterator[tuple[str, Answers]]:
    rows = len(X)
    stacked = X.iloc[np.tile(np.arange(rows), len(names))].reset_index(drop=True)
    for place, name in enumerate(names):
        cells = stacked[name].to_numpy(copy=True)
        here = slice(place * rows, (place + 1) * rows)
        cells[here] = cells[here][rng.permutation(rows)]
        stacked[name] = cells
    answers = ask(model, stacked, np.tile(whole.truth, len(names)), whole.classes, part)
    for place, name in enumerate(names):
        yield name, answers.take(slice(place * rows, (place + 1) * rows))


def _weight(name: str, drops: list[float]) -> Weight:
    there = np.array([value for value in drops if np.isfinite(value)])
    if not len(there):
        return Weight(name, 0.0, 0.0, 0)
    return Weight(name, float(there.mean()), float(there.std()), len(there))


def _in_order(model: Any, X: pd.DataFrame, whole: Answers) -> list[str]:
    """Order the columns by how heavy they likely are, for when time runs out."""
    own = own_weights(model)
    if own:
        return sorted((str(name) for name in X.columns), key=lambda name: -own.get(name, 0.0))
    said = _as_numbers(whole)
    spread = said - said.mean()
    bond = {str(name): _bond(X[name], spread) for name in X.columns}
    return sorted(bond, key=lambda name: -bond[name])


def _as_numbers(answers: Answers) -> Any:
    if answers.classes is None:
        return answers.predictions
    return answers.said.astype(float) if answers.probabilities is None else answers.probabilities[:, -1]


def _bond(cells: "pd.Series[Any]", spread: Any) -> float:
    """Return the share of the answers' variance that the column goes with, roughly."""
    total = float(spread @ spread)
    if total == 0:
        return 0.0
    if cells.dtype.kind != "f":
        means = pd.Series(spread).groupby(cells.to_numpy(), dropna=False).agg(["mean", "size"])
        between = float((means["size"] * means["mean"] ** 2).sum())
        return (between - len(means) * total / len(cells)) / total
    ranks = cells.rank().fillna(0.0).to_numpy()
    ranks = ranks - ranks.mean()
    own = float(ranks @ ranks)
    return float(ranks @ spread) ** 2 / (own * total) if own > 0 else 0.0
