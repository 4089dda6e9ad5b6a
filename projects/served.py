"""A version with its fitted pipeline: what evaluation asks, and what a retraining is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from projects.errors import BadInput
from projects.evaluation.subject import Subject
from projects.features import read_alike
from projects.hints import did_you_mean
from projects.saved_model import check_saved_model
from projects.target import read_truth
from projects.version import PLAN_TAG, SCHEMA, check_trusted, find_version
from serving.plan.model import Column


@dataclass(frozen=True)
class Served:
    """A version, fetched.

    Attributes:
        name: The registered model.
        number: The version.
        run_id: The run that made it; empty where none did.
        tags: Its tags.
        model: The fitted pipeline.
        inputs: Its columns, as the signature has them.
        schema: Where its schema.json is, if it has one.
    """

    name: str
    number: str
    run_id: str
    tags: Mapping[str, str]
    model: Any
    inputs: Mapping[str, Any]
    schema: Path

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its inputs, as a scoring plan knows them."""
        return tuple(
            Column(name, "string" if spec.type.name == "string" else "double", required=spec.required)
            for name, spec in self.inputs.items()
        )

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """Its labels; None for a regression."""
        known = getattr(self.model, "classes_", None)
        return None if known is None else tuple(np.asarray(known).tolist())


def fetch_served(name: str, version: str, stage: str, folder: Path) -> Served:
    """Find a version, download it and load its pipeline.

    Args:
        name: The registered model.
        version: Its version; if empty, the one in the stage.
        stage: The stage.
        folder: Where the files go.

    Raises:
        BadInput: There is no such version, it is no scikit-learn model, its saved model is not the one that
            was registered, or it runs code that may not run.
    """
    found = find_version(MlflowClient(), name, version, stage)
    tags, what = dict(found.tags), f"version {found.version} of '{found.name}'"
    local = Path(download_artifacts(f"models:/{found.name}/{found.version}", dst_path=str(folder)))
    is_registered = check_saved_model(local, tags, what)
    check_trusted(local / "plan", tags.get(PLAN_TAG, "") if is_registered else "", str(found.name), what)
    try:
        model = mlflow.sklearn.load_model(str(local))
    except MlflowException as error:
        raise BadInput(
            f"{what} is no scikit-learn model, and only those can be evaluated; log it with mlflow.sklearn"
        ) from error
    schema = mlflow.models.get_model_info(str(local)).signature
    inputs = {spec.name: spec for spec in schema.inputs} if schema else {}
    return Served(
        str(found.name), str(found.version), str(found.run_id or ""), tags, model, inputs,
        local / SCHEMA,
    )  # fmt: skip


def subject_of(served: Served, frame: pd.DataFrame, target: str) -> Subject:
    """Lay rows before a version as it takes them, beside what it should answer.

    Args:
        served: The version.
        frame: The rows, with their target.
        target: Its column.

    Raises:
        BadInput: There is no such column, or one that the version needs is not there.
    """
    if target not in frame.columns:
        raise BadInput(
            f"there is no column '{target}' to compare with; {did_you_mean(target, frame.columns)}"
        )
    truth, at = read_truth(frame[target], served.classes)
    rows = frame.iloc[at].reset_index(drop=True)
    lacking = [name for name, spec in served.inputs.items() if spec.required and name not in rows]
    if lacking:
        raise BadInput(
            f"the data lacks {', '.join(map(repr, lacking))}, which '{served.name}' needs;"
            f" {did_you_mean(lacking[0], map(str, rows.columns))}"
        )
    columns = served.columns
    # A column that is not there is one of gaps.
    X, classes = read_alike(rows.reindex(columns=list(served.inputs)), columns), served.classes
    return Subject(
        model=served.model,
        task="regression" if classes is None else "binary" if len(classes) == 2 else "multiclass",
        classes=classes,
        X=X,
        truth=truth,
        name=served.tags.get("penstock.algorithm", served.name),
        target=target,
        beside=rows[[name for name in rows.columns if name not in served.inputs]],
    )
