"""A fit that is watched on rows it does not learn from: how its loss went, and after which round it is best.

Boosters and what grows by trees are watched by the candidates' own code; networks and linear models that
learn in epochs are fed epoch by epoch. What has no rounds is fitted once.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from projects.learning.candidates import gradient_boosting, lightgbm, xgboost
from projects.learning.candidates.grown import fit_grown
from projects.learning.candidates.rounds import Patience, Rounds, Values, Watch, answers_of, loss_of
from projects.learning.history import History, history_of
from projects.learning.quiet import fitting_quietly

MOST_POINTS = 200
NEVER = 2**31
"""Rounds of patience where a model is not stopped: a forest gets no worse with more trees."""
BOOSTERS = {
    "LGBM": lightgbm.CANDIDATE.rounds,
    "XGB": xgboost.CANDIDATE.rounds,
    "GradientBoosting": gradient_boosting.CANDIDATE.rounds,
    "HistGradientBoosting": Rounds("max_iter", 0, gradient_boosting.fit),
}
FORESTS = ("RandomForest", "ExtraTrees")
NETS = ("FeedForward", "Sequence")
QUIETED: dict[str, dict[str, Any]] = {
    "XGB": {"early_stopping_rounds": None, "eval_metric": None, "callbacks": None},
    "HistGradientBoosting": {"early_stopping": False},
}
"""What would stop a model beside the watch."""


@dataclass(frozen=True)
class Sides:
    """Matrices and truths to learn from and to watch on.

    Attributes:
        X: Of the rows to learn from.
        y: Their labels or numbers.
        X_val: Of the rows to watch on.
        y_val: Their labels or numbers.
        classes: All labels, sorted; None for numbers.
    """

    X: Any
    y: Values
    X_val: Any
    y_val: Values
    classes: tuple[Any, ...] | None

    def codes(self, y: Values) -> Values:
        """Return labels as places among the classes, or numbers as they are."""
        if self.classes is None:
            return np.asarray(y, dtype=np.float64)
        return np.searchsorted(np.array(self.classes, dtype=y.dtype), y).astype(np.int64)


@dataclass(frozen=True)
class Course:
    """How a fit went.

    Attributes:
        history: Its rounds.
        unit: `round` or `epoch`.
        made: How many rounds were made; 1 for what has none.
        loss: What the loss is: `log_loss`, `rmse`, or `error_rate` of a model without probabilities.
    """

    history: History
    unit: str = "round"
    made: int = 1
    loss: str = "log_loss"


OnRound = Callable[[int, float], None]


@dataclass(frozen=True)
class Watcher:
    """Who watches.

    Attributes:
        patience: Rounds or epochs without improvement after which a fit stops; None makes all of them. Slower
            learning than at a rate of 0.1 waits proportionally longer.
        on_round: Called with each round's number, from 1, and the loss on the watched rows.
    """

    patience: int | None
    on_round: OnRound


def fit_watched(model: Any, sides: Sides, watcher: Watcher) -> Course:
    """Fit a model in place, with as many rounds as are best on the watched rows.

    Args:
        model: Unfitted, or to be fitted anew.
        sides: What it learns from and is watched on.
        watcher: Who watches.
    """
    with fitting_quietly():
        course = _fitted(model, sides, watcher)
    if sides.classes is None:
        return replace(course, loss="rmse")
    return course if hasattr(model, "predict_proba") else replace(course, loss="error_rate")


def rounds_of(model: Any) -> int | None:
    """Return how many rounds a model makes at most; None for what has none."""
    inner = _watched_part(model)
    rounds = _rounds(inner)
    if rounds is not None:
        return int(getattr(inner, rounds.parameter) or 100)
    for name in ("max_epochs", "max_iter"):
        if (name == "max_epochs" or hasattr(inner, "partial_fit")) and hasattr(inner, name):
            return int(getattr(inner, name))
    return None


def _fitted(model: Any, sides: Sides, watcher: Watcher) -> Course:
    inner = _watched_part(model)
    kind = type(inner).__name__
    if (rounds := _rounds(inner)) is not None:
        if kind.startswith(FORESTS):
            watcher = Watcher(None, watcher.on_round)
        return _by_rounds(model, rounds, sides, watcher)
    if kind.startswith(NETS):
        return _net(model, sides, watcher)
    if hasattr(inner, "partial_fit") and hasattr(inner, "max_iter") and inner is model:
        return _Epochs(inner, sides, watcher).run()
    model.fit(sides.X, sides.y)
    if kind.startswith("AdaBoost") and inner is model:
        return _staged(model, sides, watcher.on_round)
    learned, watched = _loss(model, sides.X, sides.y, sides), _loss(model, sides.X_val, sides.y_val, sides)
    watcher.on_round(1, watched)
    return Course(History((1,), (learned,), (watched,), None))


def _watched_part(model: Any) -> Any:
    """Return what has the rounds: a vote of one, by which labels become codes, is looked into."""
    if type(model).__name__ == "VotingClassifier" and len(model.estimators) == 1:
        return model.estimators[0][1]
    return model


def _rounds(model: Any) -> Rounds | None:
    kind = type(model).__name__
    if kind.startswith(FORESTS):
        return Rounds("n_estimators", 0, fit_grown("n_estimators"))
    return next((rounds for start, rounds in BOOSTERS.items() if kind.startswith(start)), None)


def _by_rounds(model: Any, rounds: Rounds, sides: Sides, watcher: Watcher) -> Course:
    """Watch a copy, then fit the model itself with as many rounds as were best."""
    from sklearn.base import clone

    inner = _watched_part(model)
    parameter = rounds.parameter
    most = int(getattr(inner, parameter) or 100)
    quieted = next((own for start, own in QUIETED.items() if type(inner).__name__.startswith(start)), {})
    inner.set_params(**quieted)
    y, y_val = sides.codes(sides.y), sides.codes(sides.y_val)
    watch = Watch(sides.X_val, y_val, watcher.patience or NEVER, on_round=watcher.on_round)
    copied = clone(inner).set_params(**{parameter: most})
    watched = rounds.fit(copied, sides.X, y, watch)
    history = history_of(copied, watched, np.asarray(sides.X), y, most=most, points=MOST_POINTS)
    inner.set_params(**{parameter: watched.best if watcher.patience else watched.done})
    model.fit(sides.X, sides.y)
    return Course(history, "round", watched.done)


def _net(model: Any, sides: Sides, watcher: Watcher) -> Course:
    """Fit a net of ours, which sets rows aside itself and tells of each epoch."""
    net, patience = _watched_part(model), watcher.patience

    def on_epoch(epoch: int, _learning: float, validation: float) -> None:
        watcher.on_round(epoch + 1, validation)

    before = net.get_params()
    net.set_params(on_epoch=on_epoch, early_stopping=patience is not None, patience=patience or 1)
    try:
        model.fit(sides.X, sides.y)
    finally:
        net.set_params(on_epoch=before["on_epoch"])
    history = history_of(net, None, np.asarray(sides.X), sides.y, most=int(before["max_epochs"]))
    return Course(history, "epoch", len(history.rounds))


def _staged(model: Any, sides: Sides, on_round: OnRound) -> Course:
    """Tell the rounds of a fitted model that answers after each of them."""
    stages = "staged_predict_proba" if sides.classes is not None else "staged_predict"
    learned, watched = (
        tuple(loss_of(np.asarray(said), sides.codes(y)) for said in getattr(model, stages)(X))
        for X, y in ((sides.X, sides.y), (sides.X_val, sides.y_val))
    )
    for number, loss in enumerate(watched, start=1):
        on_round(number, loss)
    rounds = tuple(range(1, len(watched) + 1))
    best = int(np.argmin(watched)) + 1
    return Course(History(rounds, learned, watched, best), "round", len(watched))


@dataclass
class _Epochs:
    """Feeds a model all rows again and again, and keeps it as it was after its best epoch."""

    model: Any
    sides: Sides
    watcher: Watcher
    _best: dict[str, Any] = field(default_factory=dict)

    def run(self) -> Course:
        from sklearn.base import clone

        sides, fed = self.sides, clone(self.model)
        own = {name: value for name, value in fed.get_params().items() if name == "early_stopping"}
        fed.set_params(**dict.fromkeys(own, False))  # the watch stops it; it takes no part of the rows
        patience = Patience(self.watcher.patience or NEVER)
        random = np.random.default_rng(0)
        learned: list[float] = []
        watched: list[float] = []
        most = int(fed.max_iter)
        labels = {} if sides.classes is None else {"classes": np.array(sides.classes)}
        for epoch in range(1, most + 1):
            order = random.permutation(len(sides.y))
            X = sides.X.iloc[order] if hasattr(sides.X, "iloc") else sides.X[order]
            fed.partial_fit(X, sides.y[order], **labels)
            learned.append(_loss(fed, sides.X, sides.y, sides))
            watched.append(_loss(fed, sides.X_val, sides.y_val, sides))
            self.watcher.on_round(epoch, watched[-1])
            is_best = watched[-1] < patience.best
            is_over = patience.is_out(epoch, watched[-1])
            if is_best or epoch == 1:
                self._best = copy.deepcopy(vars(fed))
            if is_over:
                break
        vars(self.model).update(self._best | own)
        rounds = tuple(range(1, len(watched) + 1))
        best = patience.best_at or 1
        history = History(rounds, tuple(learned), tuple(watched), best, len(watched) < most)
        return Course(history, "epoch", len(watched))


def _loss(model: Any, X: Any, y: Values, sides: Sides) -> float:
    """Return the log loss, the RMSE, or the share of wrong answers of a model without probabilities."""
    if sides.classes is not None and not hasattr(model, "predict_proba"):
        return float(np.mean(np.asarray(model.predict(X)) != y))
    answers = answers_of(model, X)
    if sides.classes is not None and answers.shape[1] < len(sides.classes):
        full = np.zeros((len(answers), len(sides.classes)))
        full[:, [sides.classes.index(label) for label in model.classes_]] = answers
        answers = full
    return loss_of(answers, sides.codes(y))
