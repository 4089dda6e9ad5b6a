"""Three small models as training leaves them: MLflow's files, and a scoring plan beside them."""

from collections.abc import Sequence
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from serving.plan.load import digest
from serving.plan.model import Column
from serving.plan.write import write_plan

COLUMNS = (Column("age", "double", True), Column("income", "double", False), Column("city", "string", False))
NUMBERS = (Column("age", "double", True), Column("income", "double", False))


def people(rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"age": rng.normal(40, 10, rows), "income": rng.normal(5, 2, rows)})
    frame["city"] = rng.choice(["oslo", "rome", "york"], rows)
    return frame


def pipeline(estimator: object, *, with_text: bool = True) -> Pipeline:
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    parts = [("numbers", numbers, ["age", "income"])]
    if with_text:
        encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        texts = Pipeline(
            [("impute", SimpleImputer(strategy="most_frequent", missing_values=pd.NA)), ("encode", encode)]
        )
        parts.append(("texts", texts, ["city"]))
    return Pipeline([("columns", ColumnTransformer(parts)), ("estimator", estimator)])


def save(folder: Path, fitted: Pipeline, columns: Sequence[Column], task: str, output: str) -> str | None:
    """Save a model with its plan; returns the plan's digest."""
    inputs = Schema([ColSpec(column.type, column.name, required=column.required) for column in columns])
    mlflow.sklearn.save_model(
        fitted,
        folder,
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
        signature=ModelSignature(inputs, Schema([ColSpec(output)])),
        input_example=people(3)[[column.name for column in columns]],
    )
    write_plan(fitted, columns, folder / "plan", task=task)
    return digest(folder / "plan")


def save_binary(folder: Path) -> str | None:
    frame = people()
    labels = np.where(frame.age + 3 * frame.income + 10 * (frame.city == "oslo") > 58, "yes", "no")
    return save(folder, pipeline(LogisticRegression()).fit(frame, labels), COLUMNS, "binary", "string")


def save_multiclass(folder: Path) -> str | None:
    frame = people()
    labels = np.digitize(frame.age, [35, 45])
    return save(folder, pipeline(LogisticRegression()).fit(frame, labels), COLUMNS, "multiclass", "long")


def save_regression(folder: Path) -> str | None:
    frame = people()[["age", "income"]]
    fitted = pipeline(Ridge(), with_text=False).fit(frame, 2.0 * frame.age + frame.income)
    return save(folder, fitted, NUMBERS, "regression", "double")
