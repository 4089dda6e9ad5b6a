"""A fitted model becomes a version of a registered model, with its plan and reference rows where it can."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd

from penstock.sdk.reference import Seen
from penstock.sdk.store import Store
from penstock.sdk.table import columns_of, is_own, read_as, without_reading
from penstock.sdk.told import Told
from projects import publish
from projects.errors import BadInput
from projects.features import read_alike
from projects.pickled import own_classes_by_value, requirements
from serving.plan.model import Column, Task

METADATA = "model_metadata.json"
"""Beside the model: all that was told of it."""


@dataclass(frozen=True)
class Publishing:
    """What becomes a version.

    Attributes:
        model: Fitted.
        told: What is told of it.
        tags: The version's.
        seen: Rows to check the plan on and to measure drift from; None where none are known.
    """

    model: Any
    told: Told
    tags: Mapping[str, str]
    seen: Seen | None

    @property
    def task(self) -> Task:
        """The task as a plan names it."""
        if self.told.task_type == "regression":
            return "regression"
        return "binary" if len(labels_of(self.model)) == 2 else "multiclass"

    def register(self, store: Store) -> str:
        """Log the model, its files and what is told of it; register it; return the version's number.

        Raises:
            BadInput: A classifier knows no classes.
        """
        if self.told.task_type == "classification":
            labels_of(self.model)
        return store.run(f"{self.told.name}: from a notebook", lambda run_id: self._logged(store, run_id))

    def _logged(self, store: Store, run_id: str) -> str:
        told, scores = self.told, self.told.scores
        mlflow.log_params({key: str(value)[:500] for key, value in told.hyperparameters.items()})
        mlflow.log_metrics(scores)
        is_read = is_own(self.model)
        text = json.dumps({**asdict(told), "reads_rows": is_read}, indent=1, ensure_ascii=False) + "\n"
        columns = self._columns()
        if columns is None or self.seen is None:
            model_id, tags = self._without_rows(store, columns, text)
        else:
            made = publish.publish(store.client, self._subject(columns, self.seen, text), scores)
            model_id, tags = made.model_id, made.tags
        mlflow.set_tags({"penstock.kind": "notebook", "penstock.model": told.name})
        return publish.register(store.client, told.name, run_id, model_id, {**self.tags, **tags})

    def _subject(self, columns: Sequence[Column], seen: Seen, told: str) -> publish.Subject:
        X = read_as(seen.X, columns) if is_own(self.model) else read_alike(seen.X, columns)
        inner = without_reading(self.model) if is_own(self.model) else self.model
        return publish.Subject(inner, tuple(columns), self.task, X, np.asarray(seen.y), {METADATA: told})

    def _without_rows(
        self, store: Store, columns: Sequence[Column] | None, told: str
    ) -> tuple[str, dict[str, str]]:
        inner = without_reading(self.model) if is_own(self.model) else self.model
        labels = np.zeros(1) if self.told.task_type == "regression" else labels_of(self.model)
        with own_classes_by_value(), publish.without_hints():
            info = mlflow.sklearn.log_model(
                inner,
                name="model",
                serialization_format="cloudpickle",
                pip_requirements=requirements(inner),
                signature=None if columns is None else publish.signature(columns, np.asarray(labels)),
            )
        with tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            (Path(scratch) / METADATA).write_text(told, encoding="utf-8")
            store.client.log_model_artifacts(info.model_id, scratch)
        return str(info.model_id), {"penstock.plan": "no: no rows were given to check it on"}

    def _columns(self) -> tuple[Column, ...] | None:
        """Return the model's inputs; None where nobody knows them."""
        if is_own(self.model):
            return columns_of(self.model)
        known = tuple(str(name) for name in getattr(self.model, "feature_names_in_", ()))
        if self.seen is not None:
            frame = (
                self.seen.X[list(known)] if set(known) <= set(self.seen.X.columns) and known else self.seen.X
            )
            return tuple(_column(frame[name]) for name in frame.columns)
        names = known or self.told.feature_names
        return tuple(Column(name, "double", required=False) for name in names) or None


def labels_of(model: Any) -> Any:
    """Return the labels that a fitted classifier knows.

    Raises:
        BadInput: It knows none.
    """
    labels = getattr(model, "classes_", None)
    if labels is None:
        raise BadInput(
            f"{type(model).__name__} has no classes_, as a fitted classifier has; set task_type='regression'"
        )
    return np.asarray(labels)


def _column(cells: "pd.Series[Any]") -> Column:
    is_number = cells.dtype.kind in "iufb"
    return Column(str(cells.name), "double" if is_number else "string", required=not bool(cells.isna().any()))
