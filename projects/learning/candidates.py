"""The candidates: every model that a training compares. One entry adds one.

Each entry makes an estimator of scikit-learn, LightGBM or XGBoost and nothing of Penstock, so that the
pickled pipeline loads wherever those are installed. Boosters run on one thread, which is the fastest for
tables of this size beside other work, and gives the same model on every machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from projects.errors import BadInput
from projects.hints import did_you_mean
from serving.plan.model import Task

Parameters = Mapping[str, float | int]
MOST_THREADS = 4


@dataclass(frozen=True)
class Span:
    """The range in which a parameter is tuned; whole numbers if both ends are."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Candidate:
    """One model to compare.

    Attributes:
        name: What it is called with `-P candidates=`.
        tasks: What it can do.
        is_scaled: Whether its numbers are scaled to mean 0 and deviation 1.
        make: Makes the unfitted estimator for a task, a seed, a thread count and parameters.
        defaults: Its parameters before tuning; each within its span.
        spans: What is tuned.
        package: The distribution that a served model needs beside scikit-learn.
    """

    name: str
    tasks: tuple[Task, ...]
    is_scaled: bool
    make: Callable[[Task, int, int, Parameters], Any]
    defaults: Parameters
    spans: Mapping[str, Span]
    package: str | None = None


def _logistic(task: Task, seed: int, threads: int, parameters: Parameters) -> Any:  # noqa: ARG001
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000, random_state=seed, **parameters)


def _ridge(task: Task, seed: int, threads: int, parameters: Parameters) -> Any:  # noqa: ARG001
    from sklearn.linear_model import Ridge

    return Ridge(random_state=seed, **parameters)


def _random_forest(task: Task, seed: int, threads: int, parameters: Parameters) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    return kind(n_estimators=150, random_state=seed, n_jobs=threads, **parameters)


def _lightgbm(task: Task, seed: int, threads: int, parameters: Parameters) -> Any:  # noqa: ARG001
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    return kind(
        random_state=seed, n_jobs=1, verbosity=-1, deterministic=True, force_row_wise=True,
        importance_type="gain", subsample_freq=1, **parameters,
    )  # fmt: skip


def _xgboost(task: Task, seed: int, threads: int, parameters: Parameters) -> Any:  # noqa: ARG001
    from sklearn.ensemble import VotingClassifier
    from xgboost import XGBClassifier, XGBRegressor

    if task == "regression":
        return XGBRegressor(random_state=seed, n_jobs=1, tree_method="hist", **parameters)
    member = XGBClassifier(random_state=seed, n_jobs=1, tree_method="hist", **parameters)
    # XGBoost knows only the labels 0..k-1; scikit-learn's vote of one encodes and decodes the others.
    return VotingClassifier([("xgboost", member)], voting="soft")


CLASSES: tuple[Task, ...] = ("binary", "multiclass")
ALL: tuple[Task, ...] = (*CLASSES, "regression")
CANDIDATES = (
    Candidate("logistic", CLASSES, True, _logistic, {"C": 1.0}, {"C": Span(1e-3, 1e2, log=True)}),
    Candidate("ridge", ("regression",), True, _ridge, {"alpha": 1.0}, {"alpha": Span(1e-3, 1e3, log=True)}),
    Candidate(
        "random_forest", ALL, False, _random_forest,
        {"max_depth": 12, "min_samples_leaf": 2, "max_features": 0.3},
        {"max_depth": Span(4, 16), "min_samples_leaf": Span(1, 20, log=True), "max_features": Span(0.1, 1.0)},
    ),
    Candidate(
        "lightgbm", ALL, False, _lightgbm,
        {"n_estimators": 150, "learning_rate": 0.08, "num_leaves": 15, "min_child_samples": 20,
         "colsample_bytree": 0.8, "subsample": 0.9, "reg_lambda": 1.0},
        {"n_estimators": Span(50, 400), "learning_rate": Span(0.01, 0.3, log=True),
         "num_leaves": Span(4, 63, log=True), "min_child_samples": Span(3, 60, log=True),
         "colsample_bytree": Span(0.4, 1.0), "subsample": Span(0.5, 1.0),
         "reg_lambda": Span(1e-3, 30.0, log=True)},
        "lightgbm",
    ),
    Candidate(
        "xgboost", ALL, False, _xgboost,
        {"n_estimators": 150, "learning_rate": 0.1, "max_depth": 4, "min_child_weight": 1.0,
         "colsample_bytree": 0.8, "subsample": 0.9, "reg_lambda": 1.0},
        {"n_estimators": Span(50, 400), "learning_rate": Span(0.01, 0.3, log=True), "max_depth": Span(2, 8),
         "min_child_weight": Span(0.5, 20.0, log=True), "colsample_bytree": Span(0.4, 1.0),
         "subsample": Span(0.5, 1.0), "reg_lambda": Span(1e-3, 30.0, log=True)},
        "xgboost",
    ),
)  # fmt: skip


def parse_candidates(text: str) -> tuple[Candidate, ...]:
    """Read names joined by commas; an empty text or `all` is all of them.

    Raises:
        BadInput: An unknown name, with the nearest.
    """
    by_name = {candidate.name: candidate for candidate in CANDIDATES}
    names = [name.strip().casefold() for name in text.split(",") if name.strip()]
    if not names or names == ["all"]:
        return CANDIDATES
    for name in names:
        if name not in by_name:
            raise BadInput(f"there is no candidate '{name}'; {did_you_mean(name, by_name)}")
    return tuple(by_name[name] for name in dict.fromkeys(names))


def fitting(candidates: tuple[Candidate, ...], task: Task) -> tuple[Candidate, ...]:
    """Return those that can do the task.

    Raises:
        BadInput: None can.
    """
    able = tuple(candidate for candidate in candidates if task in candidate.tasks)
    if not able:
        asked = ", ".join(candidate.name for candidate in candidates)
        known = ", ".join(candidate.name for candidate in CANDIDATES if task in candidate.tasks)
        raise BadInput(f"no candidate of {asked} can do {task}; {known} can")
    return able
