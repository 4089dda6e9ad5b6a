"""Registers small models as training leaves them: MLflow's files, a scoring plan beside them, its tag."""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from serving.plan.load import digest
from serving.plan.model import Column
from serving.plan.write import write_plan

COLUMNS = (Column("length", "double", True), Column("width", "double", True))
ROW = {"length": 1.5, "width": -0.25}


def register(uri: str, name: str, *, label: str, with_plan: bool = True, estimator: Any = None) -> str:
    """Register a version of a model that answers `label` where length is positive, else `no`."""
    mlflow.set_tracking_uri(uri)
    fitted = _fitted(label, estimator)
    signature = ModelSignature(_inputs(COLUMNS), Schema([ColSpec("string")]))
    info = mlflow.sklearn.log_model(
        fitted,
        name="model",
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
        signature=signature,
        input_example=pd.DataFrame([ROW]),
    )
    client = MlflowClient(uri)
    sha256 = _attach_plan(client, info.model_id, fitted) if with_plan else None
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    tags = {"penstock.plan_sha256": sha256} if sha256 else {}
    return str(client.create_model_version(name, info.model_uri, tags=tags, model_id=info.model_id).version)


def _fitted(label: str, estimator: Any) -> Pipeline:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=[column.name for column in COLUMNS])
    numbers = Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])
    transformer = ColumnTransformer([("numbers", numbers, list(frame.columns))])
    pipeline = Pipeline([("columns", transformer), ("estimator", estimator or LogisticRegression())])
    return pipeline.fit(frame, np.where(frame.length > 0, label, "no"))


def _attach_plan(client: MlflowClient, model_id: str, fitted: Pipeline) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_plan(fitted, COLUMNS, Path(folder) / "plan", task="binary")
        client.log_model_artifacts(model_id, folder)
        return digest(Path(folder) / "plan")


def _inputs(columns: Sequence[Column]) -> Schema:
    return Schema([ColSpec(column.type, column.name, required=column.required) for column in columns])


def register_broken(uri: str, name: str) -> str:
    """Register a version whose files are no model."""
    mlflow.set_tracking_uri(uri)
    with mlflow.start_run() as run:
        mlflow.log_text("flavors: {}\n", "broken/MLmodel")
    client = MlflowClient(uri)
    return str(
        client.create_model_version(name, f"{run.info.artifact_uri}/broken", run_id=run.info.run_id).version
    )


def register_slow(uri: str, name: str, *, seconds: float) -> str:
    """Register a pyfunc that takes its time, put into Production."""

    def predict(model_input):
        import time

        time.sleep(seconds)
        return ["slow"] * len(model_input)

    return _register_function(uri, name, predict)


def register_held(uri: str, name: str, *, folder: Path) -> str:
    """Register a pyfunc, put into Production, that writes `begun` into a folder and answers when it has no
    file `held`.
    """

    def predict(model_input):
        import time

        (folder / "begun").touch()
        while (folder / "held").exists():
            time.sleep(0.02)
        return ["slow"] * len(model_input)

    return _register_function(uri, name, predict)


def register_raising(uri: str, name: str) -> str:
    """Register a pyfunc that quotes its input when it raises, put into Production."""

    def predict(model_input):
        raise ValueError(f"cannot use {model_input.iloc[0, 0]}")

    return _register_function(uri, name, predict)


def _register_function(uri: str, name: str, predict: Any) -> str:
    mlflow.set_tracking_uri(uri)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # wants type hints and an example
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=predict,
            pip_requirements=["mlflow"],
            signature=ModelSignature(_inputs(COLUMNS), Schema([ColSpec("string")])),
        )
    client = MlflowClient(uri)
    client.create_registered_model(name)
    version = client.create_model_version(name, info.model_uri, model_id=info.model_id).version
    client.transition_model_version_stage(name, version, "Production")
    return str(version)
