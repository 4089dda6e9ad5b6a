"""Fits in chunks by scikit-learn's `warm_start`, for estimators that cannot be stopped from inside."""

from itertools import islice
from typing import Any

import numpy as np

from projects.learning.candidates.rounds import Patience, Values, Watch, Watched, answers_of, loss_of

CHUNK = 10


def fit_grown(parameter: str) -> Any:
    """Return a watched fit that raises `parameter` chunk by chunk."""

    def fit(model: Any, X: Values, y: Values, watch: Watch) -> Watched:
        most = int(getattr(model, parameter))
        patience = Patience(watch.patience_at(getattr(model, "learning_rate", 0.1)))
        answers: list[Values] = []
        curve: list[float] = []
        done = 0
        while done < most:
            done = min(done + CHUNK, most)
            model.set_params(**{parameter: done}, warm_start=True).fit(X, y)
            answers.append(answers_of(model, watch.X))
            curve.append(loss_of(answers[-1], watch.y))
            watch.on_round(done, curve[-1])
            if patience.must_stop(done, curve[-1], watch):
                break

        def answers_at(rounds: int) -> Values:
            return answers[max(0, min(round(rounds / CHUNK), len(answers)) - 1)]

        def ask(matrix: Values, rounds: int) -> Values:
            staged = getattr(model, "staged_predict_proba", model.staged_predict)
            return np.asarray(next(islice(staged(matrix), max(0, min(rounds, done) - 1), None)))

        can_tell = hasattr(model, "staged_predict")
        return Watched(
            patience.best_at,
            done,
            tuple(curve),
            answers_at,
            CHUNK,
            patience.is_cut,
            ask if can_tell else None,
        )

    return fit
