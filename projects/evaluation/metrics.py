"""The metrics, each named once: what it is called, what task it fits, and which way is better.

Costs (time to answer, size, time to train) are metrics too where a gate names them; they are measured
elsewhere, and no candidate is compared by them.
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from projects.errors import BadInput
from projects.evaluation import class_scores as of_classes
from projects.evaluation import number_scores as of_numbers
from projects.evaluation.answers import Answers as Answers  # noqa: PLC0414 - the name that others import
from projects.hints import did_you_mean
from serving.plan.model import Task

CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")
BINARY: tuple[Task, ...] = ("binary",)
SEVERAL: tuple[Task, ...] = ("multiclass",)
REGRESSION: tuple[Task, ...] = ("regression",)
ALL: tuple[Task, ...] = (*CLASSIFICATION, *REGRESSION)
INFINITE = float("inf")
Range = tuple[float, float]
SHARE: Range = (0.0, 1.0)
AMOUNT: Range = (0.0, INFINITE)
EXPLAINED: Range = (-INFINITE, 1.0)


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: scikit-learn's name for it, with its averaging where it has one.
        tasks: Where it has a meaning.
        is_better_higher: Which way is better.
        measure: Computes it; NaN where the rows do not allow it.
        aliases: What else people call it, in lower case with letters and digits only.
        span: The lowest and the highest value it can have.
        unit: Of a cost: `ms`, `MB` or `minutes`; empty for a score.
    """

    name: str
    tasks: tuple[Task, ...]
    is_better_higher: bool
    measure: Callable[[Answers], float]
    aliases: tuple[str, ...] = ()
    span: Range = SHARE
    unit: str = ""

    @property
    def is_cost(self) -> bool:
        """Whether it is what a model costs, not how good it is."""
        return bool(self.unit)

    def is_better(self, one: float, other: float) -> bool:
        """Whether one value is better than another."""
        return one > other if self.is_better_higher else one < other


def _plain(score: Callable[[Answers, of_classes.Average], float]) -> Callable[[Answers], float]:
    return partial(_as_plain, score)


def _as_plain(score: Callable[[Answers, of_classes.Average], float], a: Answers) -> float:
    return score(a, of_classes.plain(a))


def _not_from_answers(_: Answers) -> float:
    return float("nan")


METRICS = (
    Metric("roc_auc", CLASSIFICATION, True, _plain(of_classes.roc_auc),
           ("auc", "auroc", "aucroc", "areaundertheroccurve", "areaundertheroc", "areaunderthecurve")),
    Metric("average_precision", CLASSIFICATION, True, _plain(of_classes.average_precision),
           ("ap", "prauc", "aucpr", "auprc", "areaundertheprecisionrecallcurve", "precisionrecallauc",
            "meanaverageprecision")),
    Metric("accuracy", CLASSIFICATION, True, of_classes.accuracy, ("acc", "shareright")),
    Metric("balanced_accuracy", CLASSIFICATION, True, of_classes.balanced_accuracy, ("bacc", "balancedacc")),
    Metric("f1", CLASSIFICATION, True, _plain(of_classes.f1), ("f1score", "fscore", "fmeasure", "f")),
    Metric("precision", CLASSIFICATION, True, _plain(of_classes.precision),
           ("ppv", "positivepredictivevalue")),
    Metric("recall", CLASSIFICATION, True, _plain(of_classes.recall),
           ("sensitivity", "tpr", "truepositiverate", "hitrate")),
    Metric("mcc", CLASSIFICATION, True, of_classes.mcc,
           ("matthews", "matthewscorrelation", "matthewscorrcoef", "matthewscorrelationcoefficient", "phi"),
           (-1.0, 1.0)),
    Metric("log_loss", CLASSIFICATION, False, of_classes.log_loss,
           ("crossentropy", "neglogloss", "logarithmicloss"), AMOUNT),
    Metric("brier", CLASSIFICATION, False, of_classes.brier, ("brierscore", "brierloss", "brierscoreloss"),
           (0.0, 2.0)),
    Metric("f1_macro", CLASSIFICATION, True, partial(of_classes.f1, average="macro"),
           ("macrof1", "macrof1score", "f1scoremacro", "macroaveragedf1", "macroaveragef1")),
    Metric("f1_weighted", CLASSIFICATION, True, partial(of_classes.f1, average="weighted"),
           ("weightedf1", "weightedf1score", "f1scoreweighted", "weightedaveragef1")),
    Metric("f1_micro", SEVERAL, True, of_classes.accuracy, ("microf1", "microf1score", "microaveragedf1")),
    Metric("precision_macro", CLASSIFICATION, True, partial(of_classes.precision, average="macro"),
           ("macroprecision", "macroaveragedprecision")),
    Metric("precision_weighted", CLASSIFICATION, True, partial(of_classes.precision, average="weighted"),
           ("weightedprecision",)),
    Metric("recall_macro", CLASSIFICATION, True, partial(of_classes.recall, average="macro"),
           ("macrorecall", "macroaveragedrecall")),
    Metric("recall_weighted", CLASSIFICATION, True, partial(of_classes.recall, average="weighted"),
           ("weightedrecall",)),
    Metric("roc_auc_ovr_macro", SEVERAL, True, partial(of_classes.roc_auc, average="macro"),
           ("rocaucovr", "macroauc", "macrorocauc", "rocaucmacro", "aucmacro", "aucovr")),
    Metric("roc_auc_ovr_weighted", SEVERAL, True, partial(of_classes.roc_auc, average="weighted"),
           ("weightedauc", "weightedrocauc", "rocaucweighted")),
    Metric("average_precision_macro", SEVERAL, True, partial(of_classes.average_precision, average="macro"),
           ("macroaverageprecision", "macroprauc", "praucmacro")),
    Metric("rmse", REGRESSION, False, of_numbers.rmse,
           ("rootmeansquarederror", "rootmeansquareerror", "rmserror"), AMOUNT),
    Metric("r2", REGRESSION, True, of_numbers.r2,
           ("rsquared", "r2score", "rsquare", "coefficientofdetermination"), EXPLAINED),
    Metric("mae", REGRESSION, False, of_numbers.mae,
           ("meanabsoluteerror", "averageerror", "averageabsoluteerror"), AMOUNT),
    Metric("mape", REGRESSION, False, of_numbers.mape,
           ("meanabsolutepercentageerror", "percentageerror", "averagepercentageerror"), AMOUNT),
    Metric("explained_variance", REGRESSION, True, of_numbers.explained_variance,
           ("explainedvar", "ev", "varianceexplained"), EXPLAINED),
    Metric("median_absolute_error", REGRESSION, False, of_numbers.median_absolute_error,
           ("medianerror", "medae", "medianae"), AMOUNT),
    Metric("mse", REGRESSION, False, of_numbers.mse, ("meansquarederror", "meansquareerror"), AMOUNT),
)  # fmt: skip
COSTS = (
    Metric("p99_ms", ALL, False, _not_from_answers,
           ("p99", "latency", "latencyms", "p99latency", "p99latencyms", "latencyp99", "responsetime"),
           AMOUNT, "ms"),
    Metric("size_mb", ALL, False, _not_from_answers,
           ("size", "modelsize", "modelsizemb", "filesize"), AMOUNT, "MB"),
    Metric("train_minutes", ALL, False, _not_from_answers,
           ("trainingminutes", "trainingtime", "traintime", "trainingtimeminutes", "timetotrain", "fittime"),
           AMOUNT, "minutes"),
)  # fmt: skip
"""What a model costs: the 99th percentile of the time to answer one row, its files, and its training."""
BY_NAME = {metric.name: metric for metric in METRICS}
DEFAULT = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
"""What candidates are compared by: the ranking of rows for two classes, the probabilities for several (it
moves where accuracy and F1 stand still on small folds), the error in the target's unit for numbers."""
FILLERS = ("score", "metric", "value", "the", "a", "an", "mean", "average", "overall")


def find_metric(word: str, *, or_cost: bool = False) -> Metric:
    """Return the metric that a person names, in any spelling.

    Args:
        word: `ROC AUC`, `macro F1`, `R^2`, `PR-AUC` ...
        or_cost: Whether a cost may be meant too.

    Raises:
        BadInput: There is none; with the nearest names.
    """
    known = (*METRICS, *COSTS) if or_cost else METRICS
    named = {alias: metric for metric in known for alias in (_key(metric.name), *metric.aliases)}
    key = _key(word)
    found = named.get(key) or named.get(_key(" ".join(_without(word.casefold().split(), FILLERS))))
    if found is not None:
        return found
    if any(key in (_key(cost.name), *cost.aliases) for cost in COSTS):
        raise BadInput(
            f"'{word}' is a cost, which a gate can bound; compare by a score, such as roc_auc or rmse"
        )
    near = difflib.get_close_matches(key, named, n=1)
    raise BadInput(
        f"there is no metric '{word}'; {did_you_mean(named[near[0]].name if near else word, BY_NAME)}"
    )


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
    """Compute every metric that has a meaning for the task and these rows.

    Raises:
        ValueError: The model's answers are no numbers.
    """
    values = answers.predictions if answers.classes is None else answers.probabilities
    if values is not None and (
        broken := int((~np.isfinite(values)).reshape(len(answers), -1).any(axis=1).sum())
    ):
        raise ValueError(f"the model answers {broken} of {len(answers)} rows with NaN or infinity")
    found = {metric.name: metric.measure(answers) for metric in METRICS if task in metric.tasks}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _key(word: str) -> str:
    return "".join(mark for mark in word.casefold().replace("\N{SUPERSCRIPT TWO}", "2") if mark.isalnum())


def _without(words: Iterable[str], left_out: tuple[str, ...]) -> list[str]:
    return [word for word in words if word not in left_out]
