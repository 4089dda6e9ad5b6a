"""Puts the poller together from the settings: registry, files, election and the lifecycle's eyes."""

from collections.abc import Callable, Mapping
from pathlib import Path

from serving.registry.client import RegistryClient
from serving.registry.election import Election
from serving.registry.poller import Poller
from serving.registry.shelf import Shelf
from serving.registry.warehouse import Warehouse
from serving.settings import Settings


class LifecycleObserver:
    """Tells the lifecycle what the registry shows; makes the lifecycle at the first word, in that thread."""

    def __init__(self, tracking_uri: str, database_url: str) -> None:
        self._tracking_uri, self._database_url = tracking_uri, database_url
        self._observe: Callable[[str, Mapping[str, str]], object] | None = None

    def __call__(self, name: str, stages: Mapping[str, str]) -> None:
        """Journal the moves of a model that were made elsewhere."""
        if self._observe is None:
            from mlflow import MlflowClient

            from serving.lifecycle.moves import Lifecycle

            client = MlflowClient(self._tracking_uri, registry_uri=self._tracking_uri)
            self._observe = Lifecycle(client, self._database_url, actor="gateway").observe
        self._observe(name, stages)


def make_poller(settings: Settings, root: Path, shelf: Shelf) -> Poller:
    """The poller of one worker; it does nothing until it is run.

    Args:
        settings: Where the registry is.
        root: The gateway's folder.
        shelf: Tries what has been fetched.
    """
    client = RegistryClient(settings.tracking_uri)
    return Poller(
        client,
        Warehouse(root, client, shelf.trial),
        Election(root / "poller.lock"),
        LifecycleObserver(settings.tracking_uri, settings.database_url),
        root / "registry.json",
    )
