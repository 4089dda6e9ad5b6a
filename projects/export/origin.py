"""The version that is exported: its fitted model and all that lies beside it."""

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from projects.ingest.schema import ColumnSchema, read_schema
from projects.saved_model import MODEL_TAG, check_saved_model
from projects.version import PLAN_TAG, SCHEMA, check_trusted, find_version
from serving.plan.model import Column

REFERENCE = "reference.parquet"
BESIDE = ("prediction", "label", "probabilities")


@dataclass(frozen=True)
class Reference:
    """Held-out rows of the version.

    Attributes:
        rows: Its inputs: float64, and objects of str and None.
        truth: What was true of them.
        predictions: What the version's model said when it was made.
        probabilities: The same as probabilities, shape (rows, classes); None where it gives none.
    """

    rows: pd.DataFrame
    truth: Any
    predictions: Any
    probabilities: Any


@dataclass(frozen=True)
class Origin:
    """What is exported.

    Attributes:
        name: The registered model; empty for a model that is in no registry.
        number: Its version.
        tags: Of the version.
        model: The fitted scikit-learn model; None if it is none, or was not made by Penstock.
        columns: Its inputs.
        schema: How training read raw columns.
        reference: Held-out rows; None where it has none.
        asked: The requirement that made it; empty where that is not known.
        folder: The version's files.
        lacking: Why it is not wholly Penstock's; empty if it is.
    """

    name: str
    number: str
    tags: Mapping[str, str]
    model: Any
    columns: tuple[Column, ...]
    schema: tuple[ColumnSchema, ...]
    reference: Reference | None
    asked: Mapping[str, Any]
    folder: Path
    lacking: str = ""

    @property
    def target(self) -> str:
        """The column that is predicted."""
        return self.tags.get("penstock.target", "target")

    @property
    def model_sha256(self) -> str:
        """The digest that its saved model was held against; empty where it was registered without one."""
        return self.tags.get(MODEL_TAG, "")

    @property
    def classes(self) -> list[Any] | None:
        """The labels; None for a regression."""
        known = getattr(self.model, "classes_", None)
        return None if known is None else np.asarray(known).tolist()

    @property
    def algorithm(self) -> str:
        """What the winner is called."""
        return self.tags.get("penstock.algorithm", type(self.model).__name__)


def fetch_origin(client: Any, name: str, version: str, stage: str, folder: Path) -> Origin:
    """Find a version, download it and load what is to be exported.

    Args:
        client: The registry.
        name: The registered model.
        version: Its version; if empty, the one in the stage.
        stage: The stage.
        folder: Where the files go.

    Raises:
        BadInput: There is no such version, its files are gone, its saved model is not the one that was
            registered, or it runs code that may not run.
    """
    import mlflow
    import mlflow.sklearn
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    from projects.errors import BadInput

    found = find_version(client, name, version, stage)
    name, number = str(found.name), str(found.version)
    what = f"version {number} of '{name}'"
    try:
        local = Path(download_artifacts(f"models:/{name}/{number}", dst_path=str(folder)))
        signature = mlflow.models.get_model_info(str(local)).signature
    except (MlflowException, OSError) as error:
        raise BadInput(
            f"the files of {what} cannot be fetched ({str(error).splitlines()[0]:.200}); it may have been"
            " deleted: choose another version"
        ) from error
    tags = dict(found.tags)
    is_registered = check_saved_model(local, tags, what)
    columns = _columns(signature)
    lacking = _lacking(local, tags, columns)
    if lacking:
        return Origin(name, number, tags, None, columns, (), None, {}, local, lacking)
    # A plan that is whole says nothing of the pickle beside it.
    check_trusted(local / "plan", tags.get(PLAN_TAG, "") if is_registered else "", name, what)
    try:
        model = mlflow.sklearn.load_model(str(local))
    except (ImportError, AttributeError, EOFError, pickle.UnpicklingError, MlflowException) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        lacking = f"its saved model cannot be loaded here ({why:.200})"
        return Origin(name, number, tags, None, columns, (), None, {}, local, lacking)
    schema = read_schema(local) if (local / SCHEMA).is_file() else ()
    return Origin(
        name, number, tags, model, columns, schema, read_reference(local / REFERENCE, columns),
        _asked(client, str(found.run_id or "")), local,
    )  # fmt: skip


def read_reference(path: Path, columns: tuple[Column, ...]) -> Reference | None:
    """Read a version's held-out rows."""
    if not path.is_file():
        return None
    frame = pq.read_table(path).to_pandas()
    shares = frame["probabilities"] if "probabilities" in frame and "label" in frame else None
    rows = frame[[column.name for column in columns]].copy()
    for column in columns:
        cells = rows[column.name]
        is_number = column.type == "double"
        rows[column.name] = (
            cells.astype("float64") if is_number else cells.astype("object").where(cells.notna(), None)
        )
    return Reference(
        rows,
        frame["label"].to_numpy(),
        frame["prediction"].to_numpy(),
        None if shares is None else np.array(shares.tolist(), dtype=np.float64),
    )


def _columns(signature: Any) -> tuple[Column, ...]:
    if signature is None or signature.inputs is None or not signature.inputs.has_input_names():
        return ()
    return tuple(
        Column(spec.name, "string" if getattr(spec.type, "name", "") == "string" else "double", spec.required)
        for spec in signature.inputs
    )


def _lacking(local: Path, tags: Mapping[str, str], columns: tuple[Column, ...]) -> str:
    if "penstock.target" not in tags or "penstock.task" not in tags:
        return "it was not trained by Penstock, which therefore does not know how its columns were made"
    if not columns:
        return "it does not say which columns it takes"
    flavours = (local / "MLmodel").read_text("utf-8") if (local / "MLmodel").is_file() else ""
    return "" if "\n  sklearn:" in flavours else "it is no scikit-learn model"


def _asked(client: Any, run_id: str) -> Mapping[str, Any]:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    from projects.training import REQUIREMENT

    if not run_id:
        return {}
    try:
        path = download_artifacts(run_id=run_id, artifact_path=REQUIREMENT, tracking_uri=client.tracking_uri)
    except (MlflowException, OSError):
        return {}
    told: dict[str, Any] = json.loads(Path(path).read_text("utf-8"))
    return told
