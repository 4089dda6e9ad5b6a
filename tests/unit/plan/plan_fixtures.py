"""Small fitted pipelines of every family and task, with their plans; each is fitted once a session."""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.features import Features
from projects.learning.candidates import CANDIDATES
from projects.learning.pipelines import build
from serving.plan.load import load_plan
from serving.plan.model import Column
from serving.plan.plan import Plan
from serving.plan.write import write_plan

COLUMNS = (
    Column("größe", "double", required=False),
    Column("city", "string", required=False),
    Column("count", "double", required=True),
    Column("colour", "string", required=True),
)
CITIES = ["Köln", "Oslo", "東京", "Lima", "Bern", "Rom"]
COLOURS = ["red", "green"]
FAMILIES = ("linear", "random_forest", "lightgbm", "xgboost")
KINDS = ("texts", "booleans", "whole", "multiclass", "regression")


@dataclass(frozen=True)
class Fitted:
    pipeline: Any
    plan: Plan
    folder: Path


def table(rows: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    cities = rng.choice(CITIES, rows, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02]).astype(object)
    cities[::17] = None
    size = rng.normal(10, 4, rows)
    size[::11] = np.nan
    return pd.DataFrame(
        {
            "größe": size,
            "city": cities,
            "count": rng.integers(0, 50, rows).astype(float),
            "colour": rng.choice(COLOURS, rows).astype(object),
        }
    )


def truth(frame: pd.DataFrame, kind: str) -> Any:
    rng = np.random.default_rng(6)
    score = (
        frame["count"].to_numpy() + 8 * (frame["city"] == "Oslo").to_numpy() + rng.normal(0, 4, len(frame))
    )
    if kind == "regression":
        return score
    if kind == "multiclass":
        return np.array(["low", "mid", "high"], dtype=object)[np.digitize(score, [15, 35])]
    labels = {"texts": np.array(["nein", "ja"], dtype=object), "booleans": np.array([False, True])}
    return labels.get(kind, np.array([3, 7]))[(score > 27).astype(int)]


@cache
def fitted(family: str, kind: str) -> Fitted:
    frame = table()
    is_regression = kind == "regression"
    name = {"linear": "ridge" if is_regression else "logistic"}.get(family, family)
    candidate = next(candidate for candidate in CANDIDATES if candidate.name == name)
    task = {"regression": "regression", "multiclass": "multiclass"}.get(kind, "binary")
    few = {"n_estimators": 25} if family in ("lightgbm", "xgboost") else {}
    pipeline = build(
        candidate, Features(frame, COLUMNS, (), ()), task, seed=1, threads=1, max_categories=4, parameters=few
    )
    if family == "random_forest":
        pipeline.named_steps["model"].set_params(n_estimators=20)
    pipeline.fit(frame, truth(frame, kind))
    folder = Path(tempfile.mkdtemp(prefix="penstock-plan-"))
    write_plan(pipeline, COLUMNS, folder, task=task)
    return Fitted(pipeline, load_plan(folder), folder)


def as_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS], dtype=object)
    return frame.astype({"größe": "float64", "count": "float64"})
