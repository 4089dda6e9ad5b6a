"""A version of a real table, registered as a training does it, for those who predict with it."""

import warnings
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from lightgbm import LGBMClassifier
from mlflow import MlflowClient
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from projects.ingest.run import ingest
from projects.publish import Subject, publish, register
from serving.plan.model import Column


def register_version(
    uri: str,
    name: str,
    data: Path,
    target: str,
    folder: Path,
    *,
    trees: int = 30,
    leave_out: tuple[str, ...] = (),
) -> str:
    """Ingest a table, fit LightGBM to its target, log and register it in Production; return the version."""
    clean = ingest(data, folder / "clean", target=target, say=lambda _line: None)
    table = pd.read_parquet(clean.folder / "rows.parquet")
    y = table[target].to_numpy(dtype=object)
    frame = pd.DataFrame(
        {column: _cells(table[column]) for column in table if column not in (target, *leave_out)}
    )
    columns = tuple(
        Column(column, "double" if cells.dtype.kind == "f" else "string", not cells.isna().any())
        for column, cells in frame.items()
    )
    pipeline = _pipeline(columns, trees).fit(frame, y)
    schema = (clean.folder / "schema.json").read_text("utf-8")
    client = MlflowClient(uri)
    mlflow.set_tracking_uri(uri)
    with mlflow.start_run() as run:
        subject = Subject(pipeline, columns, "binary", frame.head(500), y[:500], {"schema.json": schema})
        published = publish(client, subject, {})
        version = register(client, name, run.info.run_id, published.model_id, published.tags)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        client.transition_model_version_stage(name, version, "Production", archive_existing_versions=True)
    return version


def _cells(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if column.dtype.kind in "iufb" or str(column.dtype).lower() in ("boolean", "int64", "float64"):
        return column.astype("float64")
    held = column.astype("object")
    return held.map(str, na_action="ignore").astype("object").where(column.notna(), None)


def _pipeline(columns: tuple[Column, ...], trees: int) -> Pipeline:
    texts = make_pipeline(
        SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value="(missing)"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=30, sparse_output=False),
    )
    parts = [
        ("numbers", SimpleImputer(strategy="median"), [c.name for c in columns if c.type == "double"]),
        ("texts", texts, [c.name for c in columns if c.type == "string"]),
    ]
    model = LGBMClassifier(n_estimators=trees, n_jobs=1, verbosity=-1, random_state=1)
    return Pipeline([("columns", ColumnTransformer([part for part in parts if part[2]])), ("model", model)])
