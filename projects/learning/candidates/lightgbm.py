"""LightGBM (Ke et al. 2017): gradient boosting over histograms, trees grown leaf by leaf.

One thread: fastest for most tables beside other work, and the same model on every machine.
"""

from functools import partial
from typing import Any

import numpy as np

from projects.learning.candidates.candidate import ALL, Candidate, Choice, Making, Parameters, Span
from projects.learning.candidates.rounds import Patience, Rounds, Values, Watch, Watched

MOST_ROUNDS = 2000


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMRegressor if making.is_regression else LGBMClassifier
    return kind(
        random_state=making.seed, n_jobs=1, verbosity=-1, deterministic=True, force_row_wise=True,
        importance_type="gain", subsample_freq=1, **parameters,
    )  # fmt: skip


def fit(model: Any, X: Values, y: Values, watch: Watch) -> Watched:
    """Fit with a callback that notes the loss and stops."""
    from lightgbm.callback import EarlyStopException

    patience, curve = Patience(watch.patience_at(model.learning_rate)), []

    def note(state: Any) -> None:
        _, metric, loss, *_ = state.evaluation_result_list[0]
        curve.append(float(loss) ** 0.5 if metric == "l2" else float(loss))
        done = state.iteration + 1
        watch.on_round(done, curve[-1])
        if patience.must_stop(done, curve[-1], watch):
            # LightGBM forgets the trees after the one that is named here.
            raise EarlyStopException(done - 1, state.evaluation_result_list)

    model.fit(X, y, eval_X=watch.X, eval_y=watch.y, callbacks=[note])

    def ask(matrix: Values, rounds: int) -> Values:
        asked = getattr(model, "predict_proba", model.predict)
        return np.asarray(asked(matrix, num_iteration=min(rounds, len(curve))))

    return Watched(
        patience.best_at, len(curve), tuple(curve), partial(ask, watch.X), is_cut=patience.is_cut, ask=ask
    )


CANDIDATE = Candidate(
    name="lightgbm",
    tasks=ALL,
    style="trees",
    cost=2,
    make=make,
    defaults={
        "n_estimators": 200, "learning_rate": 0.07, "num_leaves": 31, "min_child_samples": 10,
        "colsample_bytree": 0.6, "subsample": 0.9, "reg_lambda": 1.0, "extra_trees": False,
    },
    portfolio=(
        {"learning_rate": 0.05, "num_leaves": 48, "min_child_samples": 5, "colsample_bytree": 0.4,
         "subsample": 0.8, "reg_lambda": 5.0},
        {"learning_rate": 0.08, "num_leaves": 6, "min_child_samples": 20, "colsample_bytree": 0.5},
        {"learning_rate": 0.08, "extra_trees": True},
        {"learning_rate": 0.03},
    ),
    spans={
        "learning_rate": Span(0.02, 0.2, log=True), "num_leaves": Span(4, 160, log=True),
        "min_child_samples": Span(2, 100, log=True), "colsample_bytree": Span(0.3, 1.0),
        "subsample": Span(0.5, 1.0), "reg_lambda": Span(1e-2, 30.0, log=True),
        "extra_trees": Choice((False, True)),
    },
    grid={"num_leaves": (7, 15, 31, 63), "learning_rate": (0.03, 0.06, 0.12),
          "min_child_samples": (5, 20)},
    rounds=Rounds("n_estimators", MOST_ROUNDS, fit),
)  # fmt: skip
