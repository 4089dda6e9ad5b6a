"""Each family of scoring plans beside scikit-learn's own predict: 1, 100 and 10,000 rows.

The pipeline takes a DataFrame and the plan takes rows (one and 100) or columns (10,000), as a request and a
batch bring them. Both answer labels and probabilities, or numbers; each time is the median of several.
"""

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from serving.plan.load import load_plan
from serving.plan.model import Column
from serving.plan.plan import Plan
from serving.plan.write import write_plan

NUMBERS = tuple(f"n{at}" for at in range(12))
TEXTS = tuple(f"t{at}" for at in range(8))
COLUMNS = tuple(Column(name, "double", required=True) for name in NUMBERS) + tuple(
    Column(name, "string", required=True) for name in TEXTS
)
SIZES = (1, 100, 10_000)
SECONDS = 0.6
"""About how long each side is measured at each size."""


def main(*, full: bool = False) -> str:
    """Measure, with larger training tables if `full`; return a table."""
    rows = 20_000 if full else 4_000
    lines = [
        f"20 columns (8 texts), {rows} training rows, one thread; microseconds: pipeline / plan (ratio)",
        f"{'family':20} {'MB':>6} {'load ms':>8} " + " ".join(f"{f'{size} rows':>28}" for size in SIZES),
    ]
    frame, labels = _table(rows, seed=1)
    test, _ = _table(max(SIZES), seed=2)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        for name, model in _models().items():
            model.fit(frame, labels)
            lines.append(_line(name, model, test, Path(folder) / name))
    return "\n".join(lines)


def _line(name: str, model: Any, test: pd.DataFrame, folder: Path) -> str:
    write_plan(model, COLUMNS, folder, task="binary")
    started = time.perf_counter()
    plan = load_plan(folder)
    load_ms = (time.perf_counter() - started) * 1000
    size_mb = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    cells = []
    for size in SIZES:
        theirs, ours = _measured(_peer(model, test.head(size)), _own(plan, test.head(size), size))
        cells.append(f"{theirs * 1e6:10.0f} /{ours * 1e6:9.0f} ({theirs / ours:5.1f})")
    return f"{name:20} {size_mb:6.2f} {load_ms:8.1f} " + " ".join(cells)


def _peer(model: Any, frame: pd.DataFrame) -> Callable[[], object]:
    if hasattr(model, "predict_proba"):
        return lambda: model.predict_proba(frame).argmax(axis=1)
    return lambda: model.predict(frame)


def _own(plan: Plan, frame: pd.DataFrame, size: int) -> Callable[[], object]:
    if size > 1000:
        columns = [frame[column.name].to_numpy() for column in COLUMNS]
        return lambda: plan.score_columns(columns)
    rows = frame.to_numpy(dtype=object).tolist()
    return lambda: plan.score(rows)


def _measured(theirs: Callable[[], object], ours: Callable[[], object]) -> tuple[float, float]:
    """The medians of both, measured in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    spent = [0.0, 0.0]
    while min(spent) < SECONDS and max(len(side) for side in times) < 2000:
        for side, call in enumerate((theirs, ours)):
            if spent[side] > SECONDS and len(times[side]) >= 3:
                continue
            started = time.perf_counter()
            call()
            times[side].append(time.perf_counter() - started)
            spent[side] += times[side][-1]
    return statistics.median(times[0]), statistics.median(times[1])


def _table(rows: int, seed: int) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(seed)
    numbers = {name: rng.normal(size=rows) for name in NUMBERS}
    levels = np.array([f"level {at}" for at in range(6)], dtype=object)
    texts = {name: rng.choice(levels, rows) for name in TEXTS}
    score = numbers["n0"] * numbers["n1"] + numbers["n2"] + (texts["t0"] == "level 1") + rng.normal(size=rows)
    return pd.DataFrame({**numbers, **texts}), np.where(score > 0, "yes", "no").astype(object)


def _piped(model: Any, *, is_scaled: bool = False) -> Pipeline:
    scaling = [("scale", StandardScaler())] if is_scaled else []
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), *scaling])
    fill = SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value="(missing)")
    code = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=20, sparse_output=False)
    texts = Pipeline([("impute", fill), ("encode", code)])
    parts = [("numbers", numbers, list(NUMBERS)), ("texts", texts, list(TEXTS))]
    return Pipeline([("columns", ColumnTransformer(parts)), ("model", model)])


def _models() -> dict[str, Any]:
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    def lightgbm() -> Any:
        return _piped(LGBMClassifier(n_estimators=150, num_leaves=15, n_jobs=1, verbosity=-1))

    def xgboost() -> Any:
        member = XGBClassifier(n_estimators=150, max_depth=4, n_jobs=1)
        return _piped(VotingClassifier([("xgboost", member)], voting="soft"))

    def forest(**more: Any) -> Any:
        return _piped(RandomForestClassifier(150, max_depth=12, min_samples_leaf=2, n_jobs=1, **more))

    def logistic() -> Any:
        return _piped(LogisticRegression(max_iter=1000), is_scaled=True)

    members = [("a", logistic()), ("b", lightgbm()), ("c", forest())]
    return {
        "logistic": logistic(),
        "naive_bayes": _piped(GaussianNB(), is_scaled=True),
        "decision_tree": _piped(DecisionTreeClassifier()),
        "random_forest": forest(),
        "deep forest": _piped(RandomForestClassifier(150, n_jobs=1)),
        "extra_trees": _piped(ExtraTreesClassifier(150, n_jobs=1)),
        "gradient_boosting": _piped(GradientBoostingClassifier(n_estimators=150)),
        "histogram": _piped(HistGradientBoostingClassifier(max_iter=150)),
        "adaboost": _piped(AdaBoostClassifier(n_estimators=50)),
        "lightgbm": lightgbm(),
        "xgboost": xgboost(),
        "knn": _piped(KNeighborsClassifier(n_jobs=1), is_scaled=True),
        "svm": _piped(SVC(), is_scaled=True),
        "mlp": _piped(MLPClassifier((64, 32), max_iter=30), is_scaled=True),
        "bag of trees": _piped(BaggingClassifier(n_estimators=20, n_jobs=1)),
        "calibrated svm": _piped(CalibratedClassifierCV(SVC(), cv=3), is_scaled=True),
        "vote of three": VotingClassifier(members, voting="soft", n_jobs=1),
        "stack of three": StackingClassifier(members, final_estimator=LogisticRegression(), cv=3, n_jobs=1),
    }
