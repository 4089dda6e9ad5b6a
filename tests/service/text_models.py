"""Registers models of headlines as training leaves them, one a configuration."""

import tempfile
import warnings
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
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from projects.pickled import own_classes_by_value
from projects.text.extractor import AdaptiveFeatureExtractor
from serving.plan.load import digest
from serving.plan.model import Column, PlanUnsupported
from serving.plan.write import write_plan

COLUMNS = tuple(Column(name, "string", required=False) for name in ("title", "source"))
ABOUT = {
    "business": "stocks shares market profit bank euro inflation price rises falls merger oil traders growth",
    "health": "doctors virus study patients cancer vaccine hospital drug risk heart diet outbreak sleep",
    "sport": "match goal season coach wins league striker final injury cup title team record club beats",
}
COMMON = "the new after says in of to why how first this week report more over as a with 2014 U.S. Monday"
SOURCES = ("Reuters", "The Daily", "Köln heute", None)


def headlines(rows: int = 240) -> tuple[pd.DataFrame, Any]:
    """Headlines of three subjects with their sources."""
    rng = np.random.default_rng(11)
    subjects = rng.choice(list(ABOUT), rows)
    titles = [
        " ".join([*rng.choice(ABOUT[subject].split(), 4), *rng.choice(COMMON.split(), 4)]).capitalize()
        for subject in subjects
    ]
    frame = pd.DataFrame({"title": titles, "source": rng.choice(np.array(SOURCES, dtype=object), rows)})
    return frame.astype(object), subjects


def fitted(configuration: str) -> Pipeline:
    """Fit a pipeline of one configuration."""
    X, y = headlines()
    extractor = AdaptiveFeatureExtractor(
        configuration=configuration,  # type: ignore[arg-type]
        extend="never",
        roles=("title", "source"),
        rules=[{"name": "money", "label": "business", "any": ["profit", "shares"]}],
    )
    steps = Pipeline([("texts", extractor), ("scale", StandardScaler())])
    columns = ColumnTransformer([("texts", steps, ["title", "source"])])
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=300))]).fit(X, y)


def register_text(uri: str, name: str, pipeline: Pipeline, *, batch_rows: int | None = None) -> str:
    """Register a version in Production, with its plan where it can have one; return why it has none."""
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    inputs = Schema([ColSpec(column.type, column.name, required=False) for column in COLUMNS])
    with own_classes_by_value(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wants an example
        info = mlflow.sklearn.log_model(
            pipeline,
            name="model",
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
            signature=ModelSignature(inputs, Schema([ColSpec("string")])),
            metadata=None if batch_rows is None else {"penstock.batch_rows": batch_rows},
        )
    tags, why = _attach_plan(client, info.model_id, pipeline)
    client.create_registered_model(name)
    version = client.create_model_version(name, info.model_uri, tags=tags, model_id=info.model_id).version
    client.transition_model_version_stage(name, str(version), "Production")
    return why


def _attach_plan(client: MlflowClient, model_id: str, pipeline: Pipeline) -> tuple[dict[str, str], str]:
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan"
        try:
            write_plan(pipeline, COLUMNS, plan, task="multiclass")
        except PlanUnsupported as error:
            return {}, str(error)
        client.log_model_artifacts(model_id, folder)
        return {"penstock.plan_sha256": digest(plan)}, ""
