"""Versions with references, and predictions on the log, as training and the gateway leave them."""

import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter

FEATURES = ("age", "income", "plan")


def rows(count: int, seed: int, shift: float) -> pd.DataFrame:
    """Traffic that lies `shift` deviations off."""
    rng = np.random.default_rng(seed)
    plans = ["basic", "plus"] if not shift else ["basic", "gold"]
    return pd.DataFrame(
        {
            "age": rng.normal(40 + 10 * shift, 10, count),
            "income": rng.normal(1_000 + 100 * shift, 100, count),
            "plan": rng.choice(plans, count),
        }
    )


def versioned_reference() -> pd.DataFrame:
    """Held-out rows with prediction and label."""
    reference = rows(1_000, 0, 0.0)
    prediction = (reference["age"] > 40).astype("int64")
    return reference.assign(prediction=prediction, label=prediction)


def register(client: MlflowClient, name: str, folder: Path, reference: pd.DataFrame | None) -> str:
    """A version as training leaves one, with the reference beside the model."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model, name="model", serialization_format="cloudpickle", pip_requirements=["scikit-learn"]
        )
    if reference is not None:
        folder.mkdir()
        reference.to_parquet(folder / "reference.parquet")
        client.log_model_artifacts(logged.model_id, str(folder))
    return str(
        client.create_model_version(name, f"models:/{logged.model_id}", model_id=logged.model_id).version
    )


def write_log(
    folder: Path,
    model: str,
    version: str,
    frame: pd.DataFrame,
    *,
    ts_s: float | None = None,
    is_shadow: bool = False,
) -> None:
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0, clock=time.time)
    for row in frame.to_numpy().tolist():
        writer.append(
            encode(
                Record(
                    new_prediction_id(time.time if ts_s is None else lambda: ts_s),
                    time.time() if ts_s is None else ts_s,
                    model,
                    version,
                    "champion",
                    is_shadow,
                    None,
                    None,
                    FEATURES,
                    [row],
                    [int(row[0] > 40)],
                    None,
                    900,
                )
            )
        )
    writer.close()
