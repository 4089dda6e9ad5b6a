"""A model fitted under watch in a notebook: its loss round by round, early stopping, time and scores."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from penstock.sdk.bar import bar
from penstock.sdk.drawn import saved
from penstock.sdk.given import TASKS, TaskType, as_column, as_frame, known_word, whole
from penstock.sdk.models import Named, pipeline_of, read_models
from penstock.sdk.reference import remember
from penstock.sdk.scores import with_aliases
from penstock.sdk.table import Table, read_table
from penstock.sdk.watched_fit import Course, Sides, Watcher, fit_watched, rounds_of
from projects.errors import BadInput
from projects.evaluation.metrics import measure_all
from projects.learning.compare import answers_of
from projects.learning.quiet import fitting_quietly
from projects.target import Target, read_target, read_truth


class TrainingDashboard:
    """Fits models, shows how they learn, and stops them in time.

    Args:
        task_type: `classification` or `regression`.
        patience: Rounds or epochs without improvement after which a fit stops, at a learning rate of 0.1;
            slower learning waits proportionally longer. None makes all of them.
        show_progress: Whether a bar is shown; by default where somebody watches, not in a file.
        random_state: For models that are named.
        clock: Seconds, monotonic.

    Attributes:
        model_: What was fitted last.
        training_history: `unit` (`round` or `epoch`), `loss` (what it is), `rounds`, and for each of them
            `train_loss` and `validation_loss`.
        training_summary: `algorithm`, `training_time_s`, `best_round`, `early_stopped`, `rounds`, `samples`
            and `validation_metrics`.
    """

    def __init__(
        self,
        task_type: TaskType = "classification",
        patience: int | None = 10,
        *,
        show_progress: bool | None = None,
        random_state: int = 42,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        known_word(task_type, TASKS, "task_type")
        self.task_type: TaskType = task_type
        self.patience = None if patience is None else whole(patience, "patience", least=1)
        self.show_progress = show_progress
        self.random_state = whole(random_state, "random_state", least=0)
        self.model_: Any = None
        self.training_history: dict[str, Any] = {}
        self.training_summary: dict[str, Any] = {}
        self._clock = clock

    @property
    def history(self) -> dict[str, Any]:
        """The same as `training_history`."""
        return self.training_history

    def train_with_monitoring(self, model: Any, X_train: Any, y_train: Any, X_val: Any, y_val: Any) -> Any:
        """Fit a model on the training rows, watched on the validation rows.

        Boosters, forests, AdaBoost, networks and linear models that learn in epochs are told round by round;
        all but forests and AdaBoost are left with the rounds that were best. Others are fitted once.

        Args:
            model: A pipeline or ensemble of `ModelSelector`, a name such as `lightgbm`, or an estimator of
                scikit-learn's kind, which gets the pipelines' preparation where its columns need one.
            X_train: The rows to learn from.
            y_train: Their target.
            X_val: The rows to watch on, which are not learned from.
            y_val: Their target.

        Returns:
            The model, fitted in place; with a preparation before it where it needs one, and XGBoost's own
            classifier behind codes where its labels are not 0..k-1. How it went is in `training_history` and
            `training_summary`.

        Raises:
            BadInput: The rows cannot be used, or the model cannot do the task.
        """
        named = read_models([model], self.task_type)[0]
        frame, target = _learned(X_train, y_train, self.task_type)
        watched = as_frame(X_val, what="X_val")
        column = as_column(y_val, len(watched), what="y_val", of="X_val").rename("y_val")
        truth, at = read_truth(column.reset_index(drop=True), target.classes)
        whole_model, fit_watch = self._put_together(named, X_train, y_train, frame, target.truth)
        started = self._clock()
        total = rounds_of(fit_watch)
        with bar(f"training {named.name}", total, "round", show=self.show_progress) as shown:
            done = 0

            def on_round(number: int, loss: float) -> None:
                nonlocal done
                shown.step(f"loss {loss:.4f}", number - done)
                done = number

            before = _front(whole_model)
            X, X_watch = _matrices(before, frame, watched.iloc[at], target.truth)
            if before is None and isinstance(X_train, np.ndarray):  # it will be asked with arrays
                X, X_watch = X.to_numpy(), X_watch.to_numpy()
            sides = Sides(X, target.truth, X_watch, truth, target.classes)
            course = fit_watched(fit_watch, sides, Watcher(self.patience, on_round))
        seconds = self._clock() - started
        with fitting_quietly():
            answers = answers_of(whole_model, watched.iloc[at], truth, target.classes)
        scores = measure_all(answers, target.task)
        rows = {"train": len(target.truth), "validation": len(truth)}
        self._tell(named.name, course, seconds, rows)
        self.training_summary["validation_metrics"] = with_aliases(scores)
        self.model_ = remember(whole_model, watched.iloc[at], truth)
        return whole_model

    def plot_training_history(self, save_path: str | Path | None = None) -> Any:
        """Draw the losses over the rounds of the last fit.

        Args:
            save_path: Where the picture is written, if anywhere.

        Returns:
            The figure.

        Raises:
            BadInput: Nothing was fitted yet, or what was fitted has no rounds.
        """
        from projects.evaluation.plots.training import loss_curves

        told = self._told()
        if len(told["rounds"]) < 2:
            raise BadInput(
                f"{self.training_summary['algorithm']} has no rounds to draw: it is fitted at once; look at"
                " training_summary"
            )
        losses = {
            name: told[key]
            for name, key in (("training rows", "train_loss"), ("validation rows", "validation_loss"))
            if told[key]
        }
        figure = loss_curves(
            losses, best=told["best_round"], unit=told["unit"], loss=_words(told["loss"]), at=told["rounds"]
        )
        return saved(figure, save_path)

    def get_training_summary(self) -> dict[str, Any]:
        """Return `training_summary`.

        Raises:
            BadInput: Nothing was fitted yet.
        """
        self._told()
        return dict(self.training_summary)

    def _put_together(self, named: Named, X: Any, y: Any, frame: Any, truth: Any) -> tuple[Any, Any]:
        """Return the whole model, and the part of it that is watched."""
        if named.estimator is not None and (named.prepares_itself or _fits_as_it_is(named.estimator, frame)):
            model = self._coded(named.estimator, truth)
            return model, model.steps[-1][1] if hasattr(model, "steps") else model
        table: Table = read_table(X, y, self.task_type)
        made = pipeline_of(named, table, seed=self.random_state)
        if named.estimator is not None:  # fitted in place, as scikit-learn does it
            made.steps[-1] = ("model", self._coded(named.estimator, truth))
        return made, made.steps[-1][1]

    def _coded(self, model: Any, truth: Any) -> Any:
        """Put XGBoost's own classifier behind codes where its labels are not 0..k-1: it knows no others."""
        from projects.learning.candidates.xgboost import CANDIDATE
        from projects.learning.pipelines import labelled

        if not type(model).__name__.startswith("XGB") or self.task_type == "regression":
            return model
        labels = pd.unique(truth)
        is_coded = labels.dtype.kind in "iu" and sorted(labels) == list(range(len(labels)))
        return model if is_coded else labelled(CANDIDATE, model, "multiclass")

    def _tell(self, name: str, course: Course, seconds: float, rows: Mapping[str, int]) -> None:
        history = course.history
        self.training_history = {
            "unit": course.unit,
            "loss": course.loss,
            "rounds": list(history.rounds),
            "train_loss": list(history.learned),
            "validation_loss": list(history.validated),
            "best_round": history.best,
        }
        self.training_summary = {
            "algorithm": name,
            "task_type": self.task_type,
            "training_time_s": seconds,
            "rounds": course.made,
            "best_round": history.best,
            "early_stopped": history.is_stopped,
            "patience": self.patience,
            "samples": dict(rows),
        }

    def _told(self) -> dict[str, Any]:
        if not self.training_history:
            raise BadInput("nothing was fitted yet; call train_with_monitoring first")
        return self.training_history


def _learned(X: Any, y: Any, task_type: TaskType) -> tuple[Any, Target]:
    """Return the rows that have a target, as they were given, and their target."""
    frame = as_frame(X, what="X_train")
    column = as_column(y, len(frame), what="y_train", of="X_train").rename("y_train").reset_index(drop=True)
    target = read_target(column.to_frame(), "y_train", task_type)
    return frame.iloc[target.rows], target


def _matrices(before: Any, X: Any, X_watch: Any, truth: Any) -> tuple[Any, Any]:
    """Prepare the rows to learn from and to watch on, by steps that learn from the former alone."""
    if before is None:
        return X, X_watch
    with fitting_quietly():
        return before.fit_transform(X, truth), before.transform(X_watch)


def _front(model: Any) -> Any:
    """Return the steps before the model that is watched; None where there are none."""
    from sklearn.pipeline import Pipeline

    steps: Sequence[Any] = getattr(model, "steps", ())
    return Pipeline(list(steps[:-1])) if len(steps) > 1 else None


def _fits_as_it_is(model: Any, frame: Any) -> bool:
    """Whether an estimator can learn from the columns as they are."""
    from sklearn.utils import get_tags

    if not all(dtype.kind in "fiub" for dtype in frame.dtypes):
        return False
    return bool(get_tags(model).input_tags.allow_nan) or not frame.isna().to_numpy().any()


def _words(loss: str) -> str:
    return {"log_loss": "log loss", "rmse": "RMSE", "error_rate": "share of wrong answers"}[loss]
