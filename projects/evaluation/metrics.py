"""The metrics, each named once: what it is called, what task it fits, and which way is better."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics as sk

from projects.errors import BadInput
from projects.hints import did_you_mean
from serving.plan.model import Task

CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")
REGRESSION: tuple[Task, ...] = ("regression",)


@dataclass(frozen=True)
class Answers:
    """A model's answers beside the truth.

    Attributes:
        truth: Shape (rows,).
        predictions: Shape (rows,).
        probabilities: Shape (rows, classes); None for a regression.
        classes: The labels in the order of the probabilities; None for a regression.
    """

    truth: Any
    predictions: Any
    probabilities: Any
    classes: tuple[Any, ...] | None

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes; the second is the positive one."""
        return self.classes is not None and len(self.classes) == 2


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: scikit-learn's name for it.
        tasks: Where it has a meaning.
        is_better_higher: Which way is better.
        measure: Computes it; NaN where the rows do not allow it.
        aliases: What else people call it, in lower case with letters and digits only.
    """

    name: str
    tasks: tuple[Task, ...]
    is_better_higher: bool
    measure: Callable[[Answers], float]
    aliases: tuple[str, ...] = ()


def _roc_auc(a: Answers) -> float:
    if len(np.unique(a.truth)) < len(a.classes or ()):
        return float("nan")
    if a.is_binary:
        return float(sk.roc_auc_score(a.truth == _positive(a), a.probabilities[:, 1]))
    return float(sk.roc_auc_score(_codes(a), a.probabilities, multi_class="ovr", average="macro"))


def _average_precision(a: Answers) -> float:
    truth = a.truth == _positive(a)
    return float(sk.average_precision_score(truth, a.probabilities[:, 1])) if truth.any() else float("nan")


def _codes(a: Answers) -> Any:
    return np.searchsorted(np.array(a.classes), a.truth)


def _positive(a: Answers) -> Any:
    return (a.classes or (None, None))[1]


def _averaged(score: Callable[..., float]) -> Callable[[Answers], float]:
    def measure(a: Answers) -> float:
        if a.is_binary:
            positive = _positive(a)
            return float(score(a.truth == positive, a.predictions == positive, zero_division=0.0))
        return float(score(a.truth, a.predictions, average="macro", zero_division=0.0))

    return measure


def _log_loss(a: Answers) -> float:
    codes = _codes(a)
    return float(sk.log_loss(codes, a.probabilities / a.probabilities.sum(axis=1, keepdims=True),
                             labels=np.arange(len(a.classes or ()))))  # fmt: skip


def _mape(a: Answers) -> float:
    if (np.abs(a.truth) < np.finfo(np.float64).eps).any():
        return float("nan")
    return float(sk.mean_absolute_percentage_error(a.truth, a.predictions))


METRICS = (
    Metric("roc_auc", CLASSIFICATION, True, _roc_auc, ("auc", "rocauc", "auroc")),
    Metric("average_precision", ("binary",), True, _average_precision, ("ap", "prauc", "averageprecision")),
    Metric("accuracy", CLASSIFICATION, True,
           lambda a: float(sk.accuracy_score(a.truth, a.predictions)), ("acc", "accuracy")),
    Metric("f1", CLASSIFICATION, True, _averaged(sk.f1_score), ("f1", "f1score", "macrof1", "f1macro")),
    Metric("precision", CLASSIFICATION, True, _averaged(sk.precision_score), ("precision",)),
    Metric("recall", CLASSIFICATION, True, _averaged(sk.recall_score), ("recall",)),
    Metric("log_loss", CLASSIFICATION, False, _log_loss, ("logloss",)),
    Metric("rmse", REGRESSION, False,
           lambda a: float(sk.root_mean_squared_error(a.truth, a.predictions)), ("rmse",)),
    Metric("r2", REGRESSION, True, lambda a: float(sk.r2_score(a.truth, a.predictions)), ("r2", "rsquared")),
    Metric("mae", REGRESSION, False,
           lambda a: float(sk.mean_absolute_error(a.truth, a.predictions)), ("mae",)),
    Metric("mape", REGRESSION, False, _mape, ("mape",)),
    Metric("explained_variance", REGRESSION, True,
           lambda a: float(sk.explained_variance_score(a.truth, a.predictions)), ("explainedvariance",)),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in METRICS}
DEFAULT = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
"""What candidates are compared by: the ranking of rows for two classes, the probabilities for several (it
moves where accuracy and F1 stand still on small folds), the error in the target's unit for numbers."""


def find_metric(word: str) -> Metric:
    """Return the metric that a person names, in any spelling.

    Raises:
        BadInput: There is none; with the nearest names.
    """
    key = "".join(mark for mark in word.casefold().replace("\N{SUPERSCRIPT TWO}", "2") if mark.isalnum())
    for metric in METRICS:
        if key in metric.aliases:
            return metric
    near = difflib.get_close_matches(key, [alias for metric in METRICS for alias in metric.aliases], n=1)
    meant = find_metric(near[0]).name if near else word
    raise BadInput(f"there is no metric '{word}'; {did_you_mean(meant, BY_NAME)}")


def metric_for(word: str, task: Task) -> Metric:
    """Return the metric to compare by: the one asked for, or the task's own.

    Raises:
        BadInput: It has no meaning for the task.
    """
    metric = find_metric(word or DEFAULT[task])
    check_task(metric, task)
    return metric


def check_task(metric: Metric, task: Task) -> None:
    """Refuse a metric that has no meaning for the task.

    Raises:
        BadInput: With those that have one.
    """
    if task not in metric.tasks:
        fitting = ", ".join(m.name for m in METRICS if task in m.tasks)
        raise BadInput(f"the metric {metric.name} has no meaning for {task}; use one of {fitting}")


def measure_all(answers: Answers, task: Task) -> dict[str, float]:
    """Compute every metric that has a meaning for the task and these rows."""
    found = {metric.name: metric.measure(answers) for metric in METRICS if task in metric.tasks}
    return {name: value for name, value in found.items() if np.isfinite(value)}
