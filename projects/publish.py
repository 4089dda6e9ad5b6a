"""A fitted pipeline becomes a registered version: the model, its plan, its reference and its card."""

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from projects.pickled import own_classes_by_value, requirements
from projects.saved_model import MODEL_TAG, digest_of
from projects.scorer import rows_of
from projects.text.inside import extractors_in
from serving.plan.load import digest, load_plan
from serving.plan.model import Column, PlanUnsupported, Task
from serving.plan.parity import check
from serving.plan.write import write_plan

REFERENCE_ROWS = 10_000
EXAMPLE_ROWS = 5
HINTS = {
    "mlflow.sklearn": "Saving scikit-learn models in the pickle",
    "mlflow.store.model_registry.abstract_store": "Waiting up to",
}
"""By logger, how lines begin that would stand in the middle of a step's own line."""
CLASSES = b"penstock.classes"
"""In the reference's schema: the labels as a JSON list, in the order of the probabilities."""
BATCH_ROWS, ROWS_TOGETHER = "penstock.batch_rows", 64
"""In a version's metadata: a model server may answer requests that wait in one call of so many rows."""
OUTPUT_TYPES = {"i": DataType.long, "b": DataType.boolean, "f": DataType.double}


@dataclass(frozen=True)
class Subject:
    """What is published.

    Attributes:
        pipeline: Fitted.
        columns: Its inputs.
        task: What it does.
        X: Held-out rows.
        y: Their truth.
        files: What lies beside the model in its version, by name; Markdown or JSON.
        modules: Modules of a user's own functions in the pipeline.
    """

    pipeline: Any
    columns: tuple[Column, ...]
    task: Task
    X: pd.DataFrame
    y: Any
    files: Mapping[str, str]
    modules: Sequence[str] = ()


@dataclass(frozen=True)
class Published:
    """A model with its files, not yet registered.

    Attributes:
        model_id: MLflow's id of the logged model.
        plan: `yes`, or `no: ` and the reason.
        plan_sha256: The plan folder's digest; None without a plan.
        model_sha256: The saved model's.
    """

    model_id: str
    plan: str
    plan_sha256: str | None
    model_sha256: str

    @property
    def tags(self) -> dict[str, str]:
        """The version's tags about its plan and its saved model."""
        tags = {"penstock.plan": self.plan, MODEL_TAG: self.model_sha256}
        return tags if self.plan_sha256 is None else tags | {"penstock.plan_sha256": self.plan_sha256}


@dataclass(frozen=True)
class Said:
    """What a model answers to its reference rows.

    Attributes:
        predictions: Shape (rows,).
        probabilities: Shape (rows, classes); None where the model gives none.
        classes: The labels in the order of the probabilities.
    """

    predictions: Any
    probabilities: Any = None
    classes: Sequence[Any] | None = None


@contextmanager
def without_hints() -> Iterator[None]:
    """Hold back what MLflow's loggers say of every version; all else that they say is heard."""
    hints = [(logging.getLogger(name), _Hint(start)) for name, start in HINTS.items()]
    for logger, hint in hints:
        logger.addFilter(hint)
    try:
        yield
    finally:
        for logger, hint in hints:
            logger.removeFilter(hint)


@dataclass(frozen=True)
class _Hint:
    start: str

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(self.start)


def publish(client: MlflowClient, subject: Subject, scores: Mapping[str, float]) -> Published:
    """Log the model to the active run with its held-out scores, and attach its files."""
    with own_classes_by_value(subject.modules), without_hints():
        info = mlflow.sklearn.log_model(
            subject.pipeline,
            name="model",
            serialization_format="cloudpickle",
            pip_requirements=requirements(subject.pipeline, subject.modules),
            signature=signature(subject.columns, subject.y),
            input_example=subject.X.head(EXAMPLE_ROWS),
            metadata=metadata_of(subject.pipeline),
        )
    mlflow.log_metrics(dict(scores), model_id=info.model_id)
    model, model_sha256 = _as_kept(str(info.model_id))
    with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
        folder = Path(scratch)
        for name, text in subject.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        at = np.linspace(0, len(subject.X) - 1, min(len(subject.X), REFERENCE_ROWS)).astype(int)
        rows = subject.X.iloc[at]
        predictions = np.asarray(model.predict(rows))
        answers = getattr(subject.pipeline, "predict_proba", None)  # a vote by labels has none
        probabilities = None if answers is None else np.asarray(answers(rows), dtype=np.float64)
        classes = None if probabilities is None else np.asarray(subject.pipeline.classes_).tolist()
        said = Said(predictions, probabilities, classes)
        write_reference(rows, said, subject.y[at], folder / "reference.parquet")
        plan, plan_sha256 = _attach_plan(subject, rows, said, folder / "plan")
        client.log_model_artifacts(info.model_id, str(folder))
    return Published(info.model_id, plan, plan_sha256, model_sha256)


def _as_kept(model_id: str) -> tuple[Any, str]:
    """The logged model as whoever fetches it gets it, and its digest."""
    with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
        local = download_artifacts(f"models:/{model_id}", dst_path=scratch)
        return mlflow.pyfunc.load_model(local), digest_of(Path(local))


def metadata_of(pipeline: Any) -> dict[str, Any] | None:
    """Return what a version says of itself: sentences cost less together, and a row's answer is its own."""
    parts = {name for found in extractors_in(pipeline) for name, _ in found.parts_}
    return {BATCH_ROWS: ROWS_TOGETHER} if "sentences" in parts else None


def register(client: MlflowClient, name: str, run_id: str, model_id: str, tags: Mapping[str, str]) -> str:
    """Make a new version of the registered model `name`, which is made if need be; return its number."""
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    with without_hints():
        version = client.create_model_version(
            name,
            f"models:/{model_id}",
            run_id,
            tags=dict(tags),
            model_id=model_id,
            description="The model card lies beside the model, as model_card.md.",
        )
    return str(version.version)


def signature(columns: Sequence[Column], y: Any) -> ModelSignature:
    """Make the signature: every number a double, so that a missing cell is no error."""
    inputs = [ColSpec(DataType[column.type], column.name, required=column.required) for column in columns]
    return ModelSignature(
        inputs=Schema(inputs), outputs=Schema([ColSpec(OUTPUT_TYPES.get(y.dtype.kind, DataType.string))])
    )


def write_reference(X: pd.DataFrame, said: Said, truth: Any, path: Path) -> None:
    """Write held-out rows with what was predicted and what was true.

    Columns `prediction` and `label` stand behind the features, and `probabilities` (a list of doubles a row)
    where the model gives some; the schema's `penstock.classes` then names their labels.
    """
    frame = X.reset_index(drop=True).copy()
    frame["prediction"], frame["label"] = said.predictions, truth
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if said.probabilities is not None:
        shares = pa.array(list(said.probabilities), pa.list_(pa.float64()))
        table = table.append_column("probabilities", shares)
        named = json.dumps(said.classes, ensure_ascii=False).encode()
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), CLASSES: named})
    pq.write_table(table, path)


def _attach_plan(subject: Subject, rows: pd.DataFrame, said: Said, folder: Path) -> tuple[str, str | None]:
    try:
        write_plan(subject.pipeline, subject.columns, folder, task=subject.task)
        check(load_plan(folder), rows_of(rows), said.predictions, said.probabilities)
    except PlanUnsupported as error:
        for path in folder.glob("*"):
            path.unlink()
        if folder.exists():
            folder.rmdir()
        return f"no: {error}", None
    return "yes", digest(folder)
