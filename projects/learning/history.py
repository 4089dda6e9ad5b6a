"""How a fit went round by round: the loss on rows that it learned from, and on rows that it did not."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from projects.learning.candidates.rounds import Values, Watched, loss_of

MOST_POINTS, MOST_ROWS = 40, 1000
"""Rounds that are told of, and rows whose loss is measured at each: a picture needs no more."""


@dataclass(frozen=True)
class History:
    """A fit's rounds; what is not known stays empty.

    Attributes:
        rounds: The rounds that are told of, from 1.
        learned: The loss on rows that were learned from, after each.
        validated: The loss on rows that were not, after each.
        best: The round with the least of the latter; None where there are no rounds.
        is_stopped: Whether it ended before all its rounds were made.
    """

    rounds: tuple[int, ...] = ()
    learned: tuple[float, ...] = ()
    validated: tuple[float, ...] = ()
    best: int | None = None
    is_stopped: bool = False


def history_of(
    model: Any, watched: Watched | None, X: Values, y: Values, *, most: int, points: int = MOST_POINTS
) -> History:
    """Tell a fit of a candidate with rounds or epochs.

    Args:
        model: Fitted.
        watched: How its rounds went; None for a net, which keeps its own curves, and for what has no rounds.
        X: The matrix that it learned from.
        y: Its codes or numbers.
        most: How many rounds it might have made.
        points: The most rounds that are told of.
    """
    if watched is None:
        return _of_net(model, most)
    made = len(watched.curve)
    at = np.unique(np.linspace(0, made - 1, min(made, points)).round().astype(int))
    rounds = tuple(int((index + 1) * watched.every) for index in at)
    few = np.random.default_rng(0).permutation(len(y))[:MOST_ROWS]
    learned = () if watched.ask is None else tuple(
        loss_of(watched.ask(X[few], done), y[few]) for done in rounds
    )  # fmt: skip
    validated = tuple(watched.curve[index] for index in at)
    return History(rounds, learned, validated, watched.best, watched.done < most)


def _of_net(model: Any, most: int) -> History:
    learned = [float(loss) for loss in getattr(model, "loss_curve_", ())]
    if not learned:
        return History()
    validated = [float(loss) for loss in model.validation_curve_]
    is_known = bool(np.isfinite(validated).all())
    return History(
        tuple(range(1, len(learned) + 1)), tuple(learned), tuple(validated) if is_known else (),
        int(model.best_epoch_) + 1, len(learned) < most,
    )  # fmt: skip
