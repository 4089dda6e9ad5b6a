"""The labelled rows of a model on the prediction log, for a person who names no others."""

import json
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from mlflow import MlflowClient

from projects.errors import BadInput
from projects.requirement.policy import TAG
from projects.retraining.arrivals import TIME
from serving.prediction_log.read import read
from serving.settings import Settings


def hidden_columns(client: MlflowClient, name: str) -> frozenset[str]:
    """Return the columns that a model's policy keeps off the log as they are: masked or hashed."""
    try:
        policy = json.loads(client.get_registered_model(name).tags.get(TAG) or "{}")
    except ValueError:
        return frozenset()  # the monitor and the gateway tell of it
    kept = policy.get("log") if isinstance(policy, dict) else None
    lists = [kept.get(key) for key in ("mask", "hash")] if isinstance(kept, dict) else []
    return frozenset(str(column) for each in lists if isinstance(each, list) for column in each)


def write_logged(
    settings: Settings, name: str, target: str, *, since_s: float | None, hidden: Collection[str], path: Path
) -> None:
    """Write the newest labelled rows of a model.

    Args:
        settings: Where the log is, and how many rows are taken at most.
        name: The registered model.
        target: What the label is called.
        since_s: Predictions from then on alone, in seconds since 1970; None for all.
        hidden: Columns to leave out, which the log holds masked or hashed.
        path: The Parquet file to write.

    Raises:
        BadInput: There are none.
    """
    found = read(
        settings.prediction_log_dir, model=name, since_s=since_s, limit=settings.retrain_max_rows,
        outcomes=True, s3_uri=settings.log_s3_uri,
    )  # fmt: skip
    rows = found.filter(pc.is_valid(found["label"]))
    if not rows.num_rows or not pa.types.is_struct(rows["features"].type):
        raise BadInput(
            f"none of the {found.num_rows:,} predictions of '{name}' on the log in"
            f" '{settings.prediction_log_dir}' has an outcome and named features; report outcomes to"
            " POST /feedback, or name labelled rows with -P rows=PATH"
        )
    names = [field.name for field in rows["features"].type]
    cells = dict(zip(names, rows["features"].flatten(), strict=True))
    kept = {column: values for column, values in cells.items() if column not in {*hidden, target, TIME}}
    pq.write_table(pa.table(kept | {TIME: rows["ts"], target: rows["label"]}), path)
