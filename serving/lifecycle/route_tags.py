"""The registry as routes see it: models, their versions and route tags, over REST and SQL stores alike."""

import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlflow import MlflowClient

from serving.lifecycle.registry import Registry
from serving.registry.listing import ROUTE_TAG, Model, in_stage, model_of
from serving.routing.check import Known
from serving.routing.route import STAGES

_PAGE = 1000


class RouteTags:
    """Reads and writes the tags that routes are; MLflow's errors become sentences."""

    def __init__(self, client: MlflowClient) -> None:
        self._client, self._registry = client, Registry(client)

    def models(self, wanted: Collection[str] | None = None) -> dict[str, Model]:
        """Every registered model by name.

        Args:
            wanted: The models whose versions are wanted, too; None for all.

        Raises:
            LifecycleError: MLflow cannot be reached or refuses.
        """
        with self._registry.asking("read the registered models"), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated, and the contract here
            entries = {
                entry.name: entry for entry in self._pages(self._client.search_registered_models, None)
            }
            versions: dict[str, list[dict[str, Any]]] = {name: [] for name in entries}
            for query in [None] if wanted is None else [_of(name) for name in wanted if name in entries]:
                for found in self._pages(self._client.search_model_versions, query):
                    versions.setdefault(found.name, []).append(_version(found))
        return {name: model_of(_entry(entry), versions[name]) for name, entry in entries.items()}

    def write(self, model: str, name: str, text: str | None) -> None:
        """Set the tag of a route, or delete it.

        Raises:
            LifecycleError: MLflow cannot be reached or refuses.
        """
        key = ROUTE_TAG if name == model else f"{ROUTE_TAG}.{name}"
        with self._registry.asking(f"write the route '{name}' of '{model}'"):
            if text is None:
                self._client.delete_registered_model_tag(model, key)
            else:
                self._client.set_registered_model_tag(model, key, text)

    def _pages(self, search: Any, query: str | None) -> Iterator[Any]:
        token = None
        while True:
            page = search(filter_string=query, max_results=_PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return


def known_of(models: Mapping[str, Model]) -> Known:
    """What routes may name."""
    stages = {
        name: {number: version.stage for number, version in model.versions.items()}
        for name, model in models.items()
    }
    meant = {
        (name, stage): number
        for name, model in models.items()
        for stage in STAGES
        if (number := in_stage(model, stage)) is not None
    }
    carriers: dict[str, str] = {}
    for name, model in sorted(models.items()):
        for called in model.route_tags:
            if called not in models:
                carriers.setdefault(called, name)
    return Known(stages, meant, carriers)


def _of(name: str) -> str:
    quote = '"' if "'" in name else "'"
    return f"name={quote}{name}{quote}"


def _entry(found: Any) -> dict[str, Any]:
    return {
        "name": found.name,
        "tags": [{"key": key, "value": value} for key, value in (found.tags or {}).items()],
        "aliases": [{"alias": key, "version": value} for key, value in (found.aliases or {}).items()],
    }


def _version(found: Any) -> dict[str, Any]:
    return {
        "version": str(found.version),
        "current_stage": found.current_stage or "None",
        "creation_timestamp": found.creation_timestamp or 0,
        "last_updated_timestamp": found.last_updated_timestamp or 0,
        "source": found.source or "",
    }
