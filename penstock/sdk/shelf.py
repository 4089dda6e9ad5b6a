"""Versions that were loaded, so that a notebook loads each once."""

import json
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from penstock.sdk.publishing import METADATA
from penstock.sdk.store import Store
from penstock.sdk.table import with_reading
from penstock.services.versions import Held
from projects.errors import BadInput
from serving.plan.model import Column

MOST = 8


class Shelf:
    """Loads models of a registry, and keeps the latest few. Safe for threads.

    Args:
        store: The registry.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, int], tuple[Any, dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, held: Held) -> tuple[Any, dict[str, Any]]:
        """Return a version's model, and what was told of it when it was saved.

        Raises:
            BadInput: It is no model of scikit-learn's kind.
        """
        key = (held.model_id, held.created_ms)  # a deleted version's namesake has its id
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._loaded(held)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            model, told = self._kept[key]
            return model, dict(told)

    def _loaded(self, held: Held) -> tuple[Any, dict[str, Any]]:
        import mlflow.artifacts
        import mlflow.models
        import mlflow.sklearn

        place = f"models:/{held.name}/{held.number}"
        with self._store.pointed(), tempfile.TemporaryDirectory(prefix="penstock-") as scratch:
            folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=place, dst_path=scratch))
            info = mlflow.models.get_model_info(str(folder))
            if "sklearn" not in info.flavors:
                raise BadInput(
                    f"version {held.called} of '{held.name}' is no model of scikit-learn's kind; load it with"
                    f" mlflow.pyfunc.load_model('{place}')"
                )
            model = mlflow.sklearn.load_model(str(folder))
            path = folder / METADATA
            told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if told.get("reads_rows", not told) and info.signature is not None:
            model = with_reading(model, _columns(info.signature.inputs))
        return model, told


def _columns(inputs: Any) -> list[Column]:
    return [Column(each.name, each.type.name, required=each.required) for each in inputs]
