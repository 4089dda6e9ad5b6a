"""XGBoost (Chen and Guestrin 2016): gradient boosting over histograms, trees grown level by level."""

from functools import partial
from typing import Any

import numpy as np

from projects.learning.candidates.candidate import ALL, Candidate, Making, Parameters, Span
from projects.learning.candidates.rounds import Patience, Rounds, Values, Watch, Watched

MOST_ROUNDS = 2000
USUAL_ETA = 0.3
"""XGBoost's own learning rate where none is set."""


def make(making: Making, parameters: Parameters) -> Any:
    """Make the estimator."""
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBRegressor if making.is_regression else XGBClassifier
    return kind(random_state=making.seed, n_jobs=1, tree_method="hist", verbosity=0, **parameters)


def fit(model: Any, X: Values, y: Values, watch: Watch) -> Watched:
    """Fit with a callback that notes the loss and stops."""
    from xgboost.callback import TrainingCallback

    patience, curve = Patience(watch.patience_at(model.learning_rate or USUAL_ETA)), []

    class Note(TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, _model: Any, epoch: int, evals_log: Any) -> bool:
            (losses,) = evals_log["validation_0"].values()
            curve.append(float(losses[-1]))
            watch.on_round(epoch + 1, curve[-1])
            return patience.must_stop(epoch + 1, curve[-1], watch)

    model.set_params(callbacks=[Note()]).fit(X, y, eval_set=[(watch.X, watch.y)], verbose=False)
    model.set_params(callbacks=None)

    def ask(matrix: Values, rounds: int) -> Values:
        asked = getattr(model, "predict_proba", model.predict)
        return np.asarray(asked(matrix, iteration_range=(0, min(rounds, len(curve)))), dtype=np.float64)

    return Watched(
        patience.best_at, len(curve), tuple(curve), partial(ask, watch.X), is_cut=patience.is_cut, ask=ask
    )


CANDIDATE = Candidate(
    name="xgboost",
    tasks=ALL,
    style="trees",
    cost=3,
    make=make,
    defaults={
        "n_estimators": 200, "learning_rate": 0.08, "max_depth": 6, "min_child_weight": 2.0,
        "colsample_bytree": 0.6, "subsample": 0.85, "reg_lambda": 2.0,
    },
    portfolio=(
        {"learning_rate": 0.06, "max_depth": 3, "min_child_weight": 1.0},
        {"learning_rate": 0.06, "max_depth": 8, "min_child_weight": 3.0, "colsample_bytree": 0.5,
         "subsample": 0.8},
    ),
    spans={
        "learning_rate": Span(0.02, 0.2, log=True), "max_depth": Span(2, 10),
        "min_child_weight": Span(0.3, 30.0, log=True), "colsample_bytree": Span(0.3, 1.0),
        "subsample": Span(0.5, 1.0), "reg_lambda": Span(1e-2, 30.0, log=True),
    },
    grid={"max_depth": (3, 5, 8), "learning_rate": (0.03, 0.08, 0.2), "min_child_weight": (1.0, 5.0)},
    rounds=Rounds("n_estimators", MOST_ROUNDS, fit),
    needs_codes=True,
)  # fmt: skip
