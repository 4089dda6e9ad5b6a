"""Small tables, a plain preparation, and candidates whose time and score a test decides."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from projects.evaluation.metrics import BY_NAME as METRICS
from projects.learning.candidates.candidate import ALL, Candidate, Span
from projects.learning.candidates.listing import Chosen
from projects.learning.compare import rows_to_compare
from projects.learning.contest import Contest, Ground
from projects.preparation import Inputs, preparation
from projects.progress import Progress
from projects.requirement.model import Cleaning, Ensembles, FeatureSection, Tuning
from serving.plan.model import Column

COLUMNS = (
    Column("size", "double", required=False),
    Column("count", "double", required=True),
    Column("city", "string", required=True),
)
LABELS = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": None}
METRIC = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "r2"}


def table(rows: int = 160, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cities = rng.choice(["Oslo", "Lima", "Bern"], rows).astype(object)
    size = rng.normal(0, 1, rows)
    size[::13] = np.nan
    return pd.DataFrame({"size": size, "count": rng.normal(5, 2, rows), "city": cities})


def truth(frame: pd.DataFrame, task: str, seed: int = 2) -> Any:
    rng = np.random.default_rng(seed)
    value = frame["count"].to_numpy() + 2.0 * (frame["city"] == "Oslo").to_numpy()
    value = value + rng.normal(0, 0.5, len(frame))
    if task == "regression":
        return value
    bounds = np.quantile(value, [0.5] if task == "binary" else [0.33, 0.66])
    return np.array(LABELS[task], dtype=object)[np.digitize(value, bounds)]


def prepare(style: Any, task: Any = "binary") -> list[tuple[str, Any]]:
    inputs = Inputs(("size", "count"), ("city",), (), {"city": 3})
    return preparation(inputs, FeatureSection(), Cleaning(), style=style, task=task, seed=1)


def ground(task: str = "binary", rows: int = 160, folds: int = 3) -> Ground:
    """Rows compared on one round of folds."""
    X, X_held = table(rows), table(60, seed=9)
    y, y_held = truth(X, task), truth(X_held, task, seed=8)
    compared = rows_to_compare(X, y, task, LABELS[task], folds=folds, most_rows=10_000, seed=3)
    compared = replace(compared, folds=compared.folds[:folds])
    return Ground(compared, X, y, X_held, y_held, COLUMNS, partial(prepare, task=task))


def contest(candidates: tuple[Candidate, ...], task: str = "binary", **given: Any) -> Contest:
    """A contest without ensembles or tuning unless asked for."""
    options: dict[str, Any] = {
        "tuning": Tuning(seconds=600, trials=0),
        "ensembles": Ensembles(method="none"),
        "progress": Progress(3, write=lambda _text: None),
        "seed": 5,
    }
    place = given.pop("ground", None) or ground(task)
    metric = METRICS[given.pop("metric", METRIC[task])]
    return Contest(place, Chosen(candidates, {}), metric, **(options | given))


@dataclass
class Clock:
    """Time that passes only when it is made to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """Counts fits, and lets each take its seconds."""

    clock: Clock
    fits: list[dict[str, Any]] = field(default_factory=list)


class Marked(ClassifierMixin, BaseEstimator):
    """Answers by the counts, worse the larger its noise; its fit takes seconds of a fake clock."""

    def __init__(self, bench: Any = None, seconds: float = 1.0, noise: float = 0.0, error: Any = None):
        self.bench, self.seconds, self.noise, self.error = bench, seconds, noise, error

    def __deepcopy__(self, _memo: Any) -> "Marked":
        return Marked(self.bench, self.seconds, self.noise, self.error)

    def fit(self, X: Any, y: Any) -> "Marked":
        self.bench.fits.append({"noise": self.noise, "rows": len(X)})
        self.bench.clock.now += self.seconds
        if self.error is not None:
            raise self.error
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X: Any) -> Any:
        rng = np.random.default_rng(0)
        value = X[:, 1] + self.noise * rng.normal(0, 5, len(X))
        positive = 1 / (1 + np.exp(5 - value))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> Any:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def marked(name: str, bench: Bench, *, seconds: float = 1.0, cost: int = 1, error: Any = None, **more: Any):
    """A candidate over `Marked`, which tunes its noise."""

    def make(_making: Any, parameters: Any) -> Any:
        return Marked(bench, seconds, parameters["noise"], error)

    given = {
        "defaults": {"noise": 1.0},
        "spans": {"noise": Span(0.0, 2.0)},
        "grid": {"noise": (0.0, 0.5, 1.5)},
    }
    return Candidate(name, ALL, "trees", cost, make, **(given | more))
