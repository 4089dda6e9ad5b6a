"""Models as a notebook names them: by the API's names, or as estimators of scikit-learn's kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from penstock.sdk.given import TaskType
from penstock.sdk.table import Table, is_own
from projects.column_parts import Style
from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from projects.learning.candidates.candidate import Candidate, Making, Parameters
from projects.learning.candidates.listing import BY_NAME
from projects.learning.pipelines import labelled
from serving.plan.model import Task

NAMES: dict[TaskType, tuple[str, ...]] = {
    "classification": (
        "random_forest", "xgboost", "lightgbm", "logistic", "svm", "decision_tree", "knn", "naive_bayes",
        "gradient_boosting", "adaboost",
    ),
    "regression": (
        "random_forest", "xgboost", "lightgbm", "linear", "ridge", "lasso", "elastic_net", "svr",
        "decision_tree", "knn", "gradient_boosting", "adaboost",
    ),
}  # fmt: skip
"""What is compared where nothing is named: the algorithms of the API, by task."""
OF_TREES = ("Tree", "Forest", "Boost", "LGBM", "XGB")


@dataclass(frozen=True)
class Named:
    """A model and what it is called.

    Attributes:
        name: What it is called in a ranking.
        candidate: The algorithm, where it is named by the API's name.
        estimator: The estimator, where that was given.
        parameters: The algorithm's, where they differ from its defaults.
    """

    name: str
    candidate: Candidate | None = None
    estimator: Any = None
    parameters: Parameters = field(default_factory=dict)

    @property
    def style(self) -> Style:
        """How its columns are prepared."""
        if self.candidate is not None:
            return self.candidate.style
        kind = type(self.estimator).__name__
        return "trees" if any(part in kind for part in OF_TREES) else "linear"

    @property
    def prepares_itself(self) -> bool:
        """Whether it takes rows as they were given."""
        return self.estimator is not None and prepares_columns(self.estimator)

    def make(self, task: Task, *, seed: int, rows: int, deviation: float) -> Any:
        """Make the unfitted estimator, which takes a matrix and the labels themselves."""
        if self.candidate is None:
            from sklearn.base import clone

            return clone(self.estimator)
        scaled = self.candidate.scaled_to(deviation)
        parameters = {**scaled.defaults, **self.parameters}
        return labelled(scaled, scaled.make(Making(task, seed, 1, rows), parameters), task)


def named_candidate(name: Any, task_type: TaskType) -> Candidate:
    """Return an algorithm that can do the task.

    Raises:
        BadInput: There is none of that name, it cannot do the task, or it is not installed.
    """
    known = [each.name for each in BY_NAME.values() if _can(each, task_type)]
    key = str(name).strip().casefold()
    if key not in BY_NAME:
        raise BadInput(f"there is no model {shown(name)}; {did_you_mean(key, known)}")
    if key not in known:
        raise BadInput(f"the model '{key}' cannot do {task_type}; {', '.join(known)} can")
    found: Candidate = BY_NAME[key]
    if lacking := found.missing():
        raise BadInput(f"the model '{key}': {lacking}")
    return found


def read_models(models: Any, task_type: TaskType) -> list[Named]:
    """Read names, estimators, pairs of both, or a mapping from names to estimators.

    Args:
        models: None for the API's names of the task.
        task_type: The task.

    Raises:
        BadInput: One of them is none of these, or there are two of one name.
    """
    if models is None:
        given: Iterable[Any] = NAMES[task_type]
    elif isinstance(models, str):
        given = [word for word in models.split(",") if word.strip()]
    elif isinstance(models, dict):
        given = list(models.items())
    elif hasattr(models, "fit") or not isinstance(models, Sequence):
        given = [models]
    else:
        given = models
    found = [_read(each, task_type) for each in given]
    if not found:
        raise BadInput(f"name one model at least; there are {', '.join(NAMES[task_type])}")
    return _told_apart(found)


def prepares_columns(model: Any) -> bool:
    """Whether a model, or a member of it, is a pipeline of ours or begins with a ColumnTransformer."""
    if is_own(model):
        return True
    steps = getattr(model, "steps", None)
    if steps:
        return type(steps[0][1]).__name__ == "ColumnTransformer"
    members = [each[1] for each in getattr(model, "estimators", None) or () if isinstance(each, tuple)]
    return any(prepares_columns(member) for member in (*members, *_inner(model)))


def pipeline_of(named: Named, table: Table, *, seed: int) -> Any:
    """Make the unfitted model that takes rows of a table as they were given."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    if named.prepares_itself:
        return clone(named.estimator)
    deviation = float(table.target.truth.std()) if table.classes is None else 0.0
    model = named.make(table.target.task, seed=seed, rows=len(table.frame), deviation=deviation)
    steps = table.preparing(seed)(named.style)
    return Pipeline([table.reading(), *steps, ("model", model)])


def _inner(model: Any) -> list[Any]:
    inner = getattr(model, "estimator", None)
    return [] if inner is None or isinstance(inner, str) else [inner]


def _can(candidate: Candidate, task_type: TaskType) -> bool:
    wanted = ("regression",) if task_type == "regression" else ("binary", "multiclass")
    return any(task in candidate.tasks for task in wanted)


def _read(given: Any, task_type: TaskType) -> Named:
    if isinstance(given, str):
        candidate = named_candidate(given, task_type)
        return Named(candidate.name, candidate)
    if isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], str):
        inner = _read(given[1], task_type)
        return Named(given[0], inner.candidate, inner.estimator)
    if isinstance(given, type) or not hasattr(given, "fit") or not hasattr(given, "get_params"):
        raise BadInput(
            f"a model is named by the API's name, such as 'lightgbm', or given as an estimator of"
            f" scikit-learn's kind, not {shown(given)}"
        )
    if (is_classifier(given)) != (task_type == "classification"):
        raise BadInput(f"{type(given).__name__} cannot do {task_type}; give another model or task_type")
    return Named(name_of(given), None, given)


def name_of(model: Any) -> str:
    """Return what a model is called: a pipeline by its last step, a vote of one by its member.

    >>> from sklearn.linear_model import Ridge
    >>> name_of(Ridge())
    'Ridge'
    """
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    members = getattr(last, "estimators", None)
    if type(last).__name__ == "VotingClassifier" and members and len(members) == 1:
        return str(members[0][0])
    return type(last).__name__


def is_classifier(model: Any) -> bool:
    """Whether a model predicts classes."""
    from sklearn.base import is_classifier as asked

    return bool(asked(model))


def _told_apart(found: list[Named]) -> list[Named]:
    apart: list[Named] = []
    for each in found:
        name, number = each.name, 2
        while any(name == other.name for other in apart):
            name, number = f"{each.name}_{number}", number + 1
        apart.append(Named(name, each.candidate, each.estimator, each.parameters))
    return apart
