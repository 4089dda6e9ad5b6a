"""A small table with every kind of column, and the ways to prepare it."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from projects.preparation import Inputs, preparation
from projects.requirement.model import Cleaning, FeatureSection
from serving.plan.encoding.load import load_encoder
from serving.plan.encoding.write import write_encoder
from serving.plan.model import Column

COLUMNS = (
    Column("size", "double", required=False),
    Column("city", "string", required=False),
    Column("count", "double", required=True),
    Column("title", "string", required=False),
    Column("note", "string", required=False),
    Column("since", "string", required=False),
    Column("until", "string", required=False),
)
INPUTS = Inputs(
    ("size", "count"), ("city", "title", "note"), ("since", "until"), {"city": 4, "title": 60, "note": 200}
)
CITIES = ["Köln", "Oslo", "東京", "Lima"]
TITLES = [
    f"{rank} {work} {part}"
    for rank in ("Senior", "Junior", "")
    for work in ("Clerk", "Police-Officer")
    for part in range(10)
]
STORED = [
    {"name": "log size", "kind": "log", "columns": ["size"]},
    {"name": "kept size", "kind": "clip", "columns": ["size"], "lower": 5, "upper": 15},
    {"name": "size bin", "kind": "bins", "columns": ["size"], "edges": [8, 10, 12]},
    {"name": "both", "kind": "sum", "columns": ["size", "count"]},
    {"name": "start", "kind": "prefix", "columns": ["title"], "length": 3},
    {"name": "letters", "kind": "length", "columns": ["note"]},
    {"name": "words", "kind": "words", "columns": ["note"]},
    {"name": "no city", "kind": "is_missing", "columns": ["city"]},
    {"name": "place and start", "kind": "cross", "columns": ["city", "start"]},
    {"name": "age", "kind": "date_part", "columns": ["since"], "part": "age_days"},
    {"name": "turn", "kind": "date_part", "columns": ["since"], "part": "cos_month"},
    {"name": "stay", "kind": "days_between", "columns": ["until", "since"]},
]
WAYS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "pairs": {
        "features": FeatureSection(interactions=(("size", "count"), ("city", "title"), ("since", "until")))
    },
    "stored": {"stored": STORED},
    "auto": {"features": FeatureSection(interactions="auto", selection="statistical", n_features=6)},
    "minmax, iqr": {
        "features": FeatureSection(scaling_method="minmax", high_cardinality=3),
        "cleaning": Cleaning(outlier_method="iqr", outlier_threshold=1.0, missing_strategy="mean"),
    },
    "robust, zscore, forward": {
        "features": FeatureSection(scaling_method="robust", dates="none"),
        "cleaning": Cleaning(outlier_method="zscore", missing_strategy="forward_fill"),
    },
    "backward, by column": {
        "cleaning": Cleaning(missing_strategy="backward_fill", columns={"size": {"missing_strategy": "mode"}})
    },
    "drop, few categories": {
        "features": FeatureSection(max_categories=3, scaling_method="none"),
        "cleaning": Cleaning(missing_strategy="drop"),
    },
}
TASKS = ("binary", "multiclass", "regression")
STYLES = ("linear", "trees", "distance")


@dataclass(frozen=True)
class Prepared:
    steps: Pipeline
    encoder: Any
    document: dict[str, Any]


def table(rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = np.datetime64("2020-01-01") + rng.integers(0, 900, rows)
    words = ["broken", "screen", "refund", "late", "parcel", "thanks", "the", "phone", "again", "bill"]
    frame = pd.DataFrame(
        {
            "size": np.where(np.arange(rows) % 11 == 0, np.nan, rng.normal(10, 4, rows)),
            "city": rng.choice(CITIES, rows, p=[0.4, 0.3, 0.2, 0.1]).astype(object),
            "count": rng.integers(0, 50, rows).astype(float),
            "title": rng.choice(TITLES, rows).astype(object),
            "note": np.array([" ".join(rng.choice(words, 8)) for _ in range(rows)], dtype=object),
            "since": np.array([str(day) for day in days], dtype=object),
            "until": np.array([f"{day + 40}T{day.astype(int) % 24:02}:30:00" for day in days], dtype=object),
        }
    )
    for name in ("city", "title", "note", "since", "until"):
        cells = frame[name].to_numpy(dtype=object).copy()
        cells[rng.integers(0, rows, 12)] = None
        frame[name] = pd.Series(cells, dtype=object)
    return frame


def truth(frame: pd.DataFrame, task: str) -> Any:
    score = frame["count"] + 9 * (frame["city"] == "Oslo") + frame["size"].fillna(0) * (frame["count"] > 20)
    if task == "regression":
        return score.to_numpy()
    if task == "multiclass":
        return np.array(["low", "mid", "high"], dtype=object)[np.digitize(score, [20, 35])]
    return np.array(["no", "yes"], dtype=object)[(score > 27).astype(int)]


@cache
def prepared(way: str, style: str, task: str) -> Prepared:
    options = WAYS[way]
    features, cleaning = options.get("features", FeatureSection()), options.get("cleaning", Cleaning())
    steps = preparation(
        INPUTS, features, cleaning, style=style, task=task, seed=1, stored=options.get("stored", ())
    )
    frame = table()
    pipeline = Pipeline(steps).fit(frame, truth(frame, task))
    document = json.loads(json.dumps(write_encoder([step for _, step in pipeline.steps], COLUMNS)))
    return Prepared(pipeline, load_encoder(document, COLUMNS), document)


def as_frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS], dtype=object)
    return frame.astype({"size": "float64", "count": "float64"})
