"""The models that the serving benchmarks put behind each server, registered as training leaves them."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from projects.transformers.text_vectors import TextVectors
from serving.plan.load import digest
from serving.plan.model import Column
from serving.plan.write import write_plan
from tests.conftest import SHARED_DATA

TELCO, TELCO_TARGET = SHARED_DATA / "tabular" / "telco_customer_churn.csv", "Churn"
NEWS = SHARED_DATA / "text" / "news_aggregator_train.tsv.gz"
SEED = 7
REFERENCE_ROWS = 10_000


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline and rows to ask it about."""

    name: str
    pipeline: Any
    rows: pd.DataFrame

    @property
    def columns(self) -> tuple[Column, ...]:
        kinds = self.rows.dtypes
        return tuple(
            Column(name, "double" if kinds[name].kind == "f" else "string", required=True)
            for name in self.rows
        )


def breast_cancer() -> Fitted:
    """30 columns of numbers, LightGBM of 200 trees."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X.columns = [name.replace(" ", "_") for name in X]
    return Fitted("bench_breast_cancer", _on_numbers(X, _booster()).fit(X, y), X)


def telco() -> Fitted:
    """19 columns, most of them texts: imputation, one-hot, scaling, LightGBM of 200 trees."""
    frame = pd.read_csv(TELCO, na_values=[" "]).drop(columns="customerID")
    y = frame.pop(TELCO_TARGET)
    numbers = list(frame.select_dtypes("number"))
    texts = [name for name in frame if name not in numbers]
    frame = frame.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(texts, "object"))
    parts = [
        ("numbers", Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())]), numbers),
        (
            "texts",
            Pipeline(
                [
                    ("fill", SimpleImputer(missing_values=pd.NA, strategy="most_frequent")),
                    ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
                ]
            ),
            texts,
        ),
    ]
    steps = Pipeline([("columns", ColumnTransformer(parts)), ("model", _booster())])
    return Fitted("bench_telco", steps.fit(frame, y), frame)


def wide(columns: int = 600) -> Fitted:
    """So many columns of numbers, logistic regression."""
    rng = np.random.default_rng(SEED)
    X = pd.DataFrame(rng.normal(size=(2000, columns)), columns=[f"c{at}" for at in range(columns)])
    y = (X["c0"] + X["c1"] > 0).map({True: "yes", False: "no"})
    return Fitted("bench_wide", _on_numbers(X, LogisticRegression(max_iter=200)).fit(X, y), X)


def big_forest(nodes: int = 1_000_000) -> Fitted:
    """A random forest of about so many nodes."""
    rng = np.random.default_rng(SEED)
    X = pd.DataFrame(rng.normal(size=(20_000, 20)), columns=[f"c{at}" for at in range(20)])
    y = np.where(rng.random(len(X)) < 1 / (1 + np.exp(-X["c0"] - X["c1"])), "yes", "no")
    a_tree = RandomForestClassifier(1, random_state=SEED, n_jobs=1).fit(X, y).estimators_[0].tree_.node_count
    forest = RandomForestClassifier(max(1, nodes // a_tree), random_state=SEED, n_jobs=2)
    return Fitted("bench_forest", _on_numbers(X, forest).fit(X, y), X)


def text() -> Fitted:
    """Headlines: TF-IDF of words reduced to 60 numbers, logistic regression."""
    names = ["number", "title", "url", "publisher", "category", "story", "host", "time"]
    frame = pd.read_csv(NEWS, sep="\t", names=names)
    X = frame[["title"]].astype(object)
    steps = [("vectors", TextVectors("words", 60)), ("scale", StandardScaler())]
    columns = ColumnTransformer([("texts", Pipeline(steps), ["title"])])
    model = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=300))])
    return Fitted("bench_text", model.fit(X, frame["category"]), X)


def bodies(fitted: Fitted, *, rows: int = 1, requests: int = 256) -> list[str]:
    """Requests of so many rows each, in the order of the table."""
    frame = fitted.rows.astype(object).where(fitted.rows.notna(), None)
    columns, cells = list(frame.columns), frame.to_numpy().tolist()
    made = []
    for number in range(requests):
        some = [cells[(number * rows + at) % len(cells)] for at in range(rows)]
        if rows == 1:
            made.append(json.dumps({"dataframe_records": [dict(zip(columns, some[0], strict=True))]}))
        else:
            made.append(json.dumps({"dataframe_split": {"columns": columns, "data": some}}))
    return made


def register(uri: str, fitted: Fitted, *, stages: Sequence[str] = ("Production",)) -> None:
    """Register a version for each stage, with its plan and its reference."""
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    client.create_registered_model(fitted.name)
    for stage in stages:
        info = mlflow.sklearn.log_model(
            fitted.pipeline,
            name="model",
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn", "lightgbm"],
            signature=ModelSignature(_inputs(fitted.columns), Schema([ColSpec("string")])),
        )
        tags = _attach_plan(client, info.model_id, fitted)
        version = client.create_model_version(
            fitted.name, info.model_uri, tags=tags, model_id=info.model_id
        ).version
        client.transition_model_version_stage(fitted.name, str(version), stage)


def route(uri: str, name: str, value: Mapping[str, Any]) -> None:
    """Set a model's route."""
    MlflowClient(uri).set_registered_model_tag(name, "penstock.route", json.dumps(value))


def _attach_plan(client: MlflowClient, model_id: str, fitted: Fitted) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        task = "binary" if len(fitted.pipeline.classes_) == 2 else "multiclass"
        write_plan(fitted.pipeline, fitted.columns, Path(folder) / "plan", task=task)
        some = fitted.rows.head(REFERENCE_ROWS)
        some.assign(prediction=fitted.pipeline.predict(some)).to_parquet(Path(folder) / "reference.parquet")
        client.log_model_artifacts(model_id, folder)
        return {"penstock.plan_sha256": digest(Path(folder) / "plan")}


def _inputs(columns: Sequence[Column]) -> Schema:
    return Schema([ColSpec(column.type, column.name, required=column.required) for column in columns])


def _on_numbers(X: pd.DataFrame, model: Any) -> Pipeline:
    steps = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    return Pipeline([("columns", ColumnTransformer([("numbers", steps, list(X))])), ("model", model)])


def _booster() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=200, random_state=SEED, n_jobs=1, verbose=-1)
