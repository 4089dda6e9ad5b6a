"""What a registry says, in memory: the JSON that MLflow's REST interface answers."""

from pathlib import Path
from typing import Any

from serving.registry.client import RegistryAway


def version(
    number: int, stage: str = "None", *, updated: int = 0, tags: dict[str, str] | None = None
) -> dict[str, Any]:
    listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
    return {
        "version": str(number),
        "current_stage": stage,
        "creation_timestamp": 1000 + number,
        "last_updated_timestamp": updated or 1000 + number,
        "source": f"models:/m-{number}",
        "tags": listed,
    }


def entry(
    name: str, *, tags: dict[str, str] | None = None, aliases: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
        "aliases": [{"alias": key, "version": value} for key, value in (aliases or {}).items()],
    }


class MemoryRegistry:
    """A registry in memory, which can be away; each download leaves one file."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        self.numbers: dict[str, list[dict[str, Any]]] = {}
        self.is_away = False
        self.asked_for_all = 0
        self.downloads: list[tuple[str, str]] = []
        self.broken: set[tuple[str, str]] = set()

    def put(self, name: str, *versions: dict[str, Any], tags: dict[str, str] | None = None) -> None:
        self.entries[name], self.numbers[name] = entry(name, tags=tags), list(versions)

    def models(self) -> list[dict[str, Any]]:
        if self.is_away:
            raise RegistryAway("nobody answers")
        return [found | {"latest_versions": self.numbers[name]} for name, found in self.entries.items()]

    def versions(self, name: str) -> list[dict[str, Any]]:
        return self.numbers[name]

    def all_versions(self) -> list[dict[str, Any]]:
        self.asked_for_all += 1
        return [item | {"name": name} for name, items in self.numbers.items() for item in items]

    def download(self, model: str, number: str, folder: Path) -> None:
        self.downloads.append((model, number))
        if (model, number) in self.broken:
            raise RegistryAway("its files could not be fetched: gone")
        (folder / "MLmodel").write_text(number)
