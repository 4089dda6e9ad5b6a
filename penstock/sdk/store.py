"""Where models are kept: an MLflow registry with its moves' journal, in a folder or on a server."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from penstock.services.versions import Versions
from projects.errors import BadInput
from projects.shell import be_mannerly, connect
from serving.lifecycle.moves import Lifecycle
from serving.lifecycle.person import make_client, user
from serving.lifecycle.routes import Routes
from serving.settings import Settings, load

if TYPE_CHECKING:
    from mlflow import MlflowClient

Found = TypeVar("Found")
EXPERIMENT = "models of notebooks"
MLFLOW, JOURNAL, FILES = "mlflow.db", "penstock.db", "artifacts"
"""What a folder holds."""
REGISTRY = "MLFLOW_REGISTRY_URI"
_POINTED = threading.RLock()
"""MLflow's fluent functions know one server at a time."""


@dataclass(frozen=True)
class Store:
    """One registry.

    Attributes:
        settings: Where MLflow and the journal of moves are.
        files: The folder of the models' files; None leaves that to the server.
        is_platforms: Whether it is the registry of the settings, whose moves stand on the audit trail.
    """

    settings: Settings
    files: Path | None = None
    is_platforms: bool = False

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow."""
        be_mannerly()
        with self.pointed():
            return make_client(self.settings)

    @cached_property
    def versions(self) -> Versions:
        """The registry's versions."""
        import time

        return Versions(self.client, time.monotonic, fresh_s=0.0, rest_s=0.0)

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """The only code that moves a version."""
        return Lifecycle(self.client, self.settings.database_url, actor=user())

    @cached_property
    def routes(self) -> Routes:
        """The routes of the registry."""
        return Routes(self.client, self.settings.database_url, actor=user())

    @contextmanager
    def pointed(self) -> Iterator[None]:
        """Point MLflow's own functions at this registry for a while, and back to where they were."""
        import mlflow

        with _POINTED:
            was_set, before = mlflow.tracking.is_tracking_uri_set(), mlflow.get_tracking_uri()
            registry, inherited = mlflow.get_registry_uri(), os.environ.get(REGISTRY)
            try:
                connect(self.settings.tracking_uri)
                mlflow.set_registry_uri(self.settings.tracking_uri)
                yield
            finally:
                mlflow.set_registry_uri(registry if registry != before else None)
                mlflow.set_tracking_uri(before if was_set else None)
                if inherited is None:  # MLflow tells the processes that are started, and never takes it back
                    os.environ.pop(REGISTRY, None)

    def run(self, name: str, work: Callable[[str], Found]) -> Found:
        """Do some work inside a new run; a run that the notebook has open is left alone.

        Args:
            name: The run's.
            work: Does it; is told the run's id.
        """
        import mlflow

        experiment = self._experiment()

        def inside() -> Found:
            with mlflow.start_run(experiment_id=experiment, run_name=name) as run:
                return work(run.info.run_id)

        # MLflow keeps open runs by thread.
        with self.pointed(), ThreadPoolExecutor(1) as alone:
            return alone.submit(inside).result()

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        place = None if self.files is None else self.files.as_uri()
        return str(self.client.create_experiment(EXPERIMENT, artifact_location=place))


def open_store(models_dir: Any) -> Store:
    """Find a registry.

    Args:
        models_dir: A folder, which is made if need be and holds all by itself; an MLflow address such as
            `http://127.0.0.1:5000`; or None for the registry of the settings.

    Raises:
        BadInput: The folder cannot be written.
    """
    settings = load(os.environ)
    if models_dir is None:
        return Store(settings, is_platforms=True)
    if not isinstance(models_dir, str | os.PathLike) or not str(models_dir).strip():
        raise BadInput(f"models_dir must be a folder or an MLflow address, not {models_dir!r}")
    if "://" in str(models_dir):
        return Store(replace(settings, tracking_uri=str(models_dir).rstrip("/")))
    folder = Path(models_dir).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the folder '{folder}' cannot be made ({error.strerror or error}); name another as models_dir"
        ) from error
    # MLflow makes the tables of a new store aloud, step by step.
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    own = replace(
        settings,
        var_dir=folder,
        tracking_uri=f"sqlite:///{folder / MLFLOW}",
        database_url=f"sqlite:///{folder / JOURNAL}",
    )
    return Store(own, folder / FILES)
