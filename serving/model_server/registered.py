"""All registered versions: each is found, fetched and loaded when it is first asked for.

the gateway's snapshot, where it is on this machine -> the registry -> the gateway's files -> own files
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from serving.protocol.errors import RequestError
from serving.registry.client import RegistryAway
from serving.registry.listing import model_of
from serving.registry.resolve import held_of
from serving.registry.snapshot import Held, SnapshotError, held_versions, read
from serving.scorers.forwarding import RETRY_AFTER, UNLOADABLE
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Scorer

_logger = logging.getLogger(__name__)

IDLE_S = 3600.0
"""A version that nobody has asked for so long is let go."""

REMEMBER_S = 10.0
"""How long a version that could not be loaded is refused without another try."""

Key = tuple[str, str]


class Registry(Protocol):
    """Where versions come from; `RegistryClient` is one."""

    def versions(self, name: str) -> list[dict[str, Any]]:
        """Every version of a model; raises RegistryAway."""
        ...

    def download(self, model: str, version: str, folder: Path) -> None:
        """Bring a version's files into a folder; raises RegistryAway."""
        ...


@dataclass(slots=True)
class _Loaded:
    held: Held
    scorer: Scorer
    used_at: float


class Registered:
    """A library of every registered version. For one event loop; loads in threads.

    Args:
        root: The gateway's folder, if it is on this machine.
        own: Where files lie that the gateway has not.
        registry: Where versions come from.
        load: Loads a version whose files lie in the first of the two folders.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        root: Path,
        own: Path,
        registry: Registry,
        load: Callable[[Path, Held], Scorer],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots, self._registry, self._load, self._clock = (root, own), registry, load, clock
        self._loaded: dict[Key, _Loaded] = {}
        self._loading: dict[Key, asyncio.Task[Scorer]] = {}
        self._refused: dict[Key, tuple[float, RequestError]] = {}

    async def scorer(self, model: str, version: str, artefact: str | None) -> Scorer:
        """The version's scorer, loaded if it is not yet.

        Raises:
            RequestError: 404, there is no such version; 503, it cannot be had now.
        """
        key = model, version
        found = self._loaded.get(key)
        if found is not None and (artefact is None or artefact == found.held.artefact):
            found.used_at = self._clock()
            return found.scorer
        until, error = self._refused.get(key, (0.0, None))
        if error is not None and self._clock() < until:
            raise error
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._bring(key, artefact))
            task.add_done_callback(lambda done: self._brought(key, done))
        # A caller that leaves must not end the load that others wait for.
        return await asyncio.shield(task)

    def problems(self) -> list[str]:
        """The versions that could not be loaded of late."""
        now = self._clock()
        return [
            f"version {version} of '{model}': {error}"
            for (model, version), (until, error) in self._refused.items()
            if now < until
        ]

    async def _bring(self, key: Key, artefact: str | None) -> Scorer:
        held, scorer = await asyncio.to_thread(self._found, *key, artefact)
        self._loaded[key] = _Loaded(held, scorer, self._clock())
        self._refused.pop(key, None)
        self._let_go()
        return scorer

    def _brought(self, key: Key, done: "asyncio.Task[Scorer]") -> None:
        del self._loading[key]
        error = None if done.cancelled() else done.exception()
        if isinstance(error, RequestError) and error.code == UNLOADABLE:
            self._refused[key] = (self._clock() + REMEMBER_S, error)

    def _let_go(self) -> None:
        now = self._clock()
        for key, loaded in list(self._loaded.items()):
            if now - loaded.used_at > IDLE_S:
                del self._loaded[key]

    def _found(self, model: str, version: str, artefact: str | None) -> tuple[Held, Scorer]:
        held = self._in_snapshot(model, version, artefact)
        try:
            held = held or self._in_registry(model, version)
            if artefact is not None and held.artefact != artefact:
                sentence = f"version {version} of '{model}' is another artefact than the gateway's"
                raise RequestError(503, sentence, headers=RETRY_AFTER)
            return held, self._load(self._place(held), held)
        except RegistryAway as error:
            raise RequestError(503, str(error), headers=RETRY_AFTER) from error
        except LoadError as error:
            _logger.warning("version %s of '%s': %s", version, model, error)
            raise RequestError(503, str(error), code=UNLOADABLE) from error

    def _in_snapshot(self, model: str, version: str, artefact: str | None) -> Held | None:
        """What the gateway on this machine holds under the number."""
        root = self._roots[0]
        try:
            snapshot = read(root / "registry.json")
        except SnapshotError:
            return None
        candidates: Sequence[Held] = tuple(held_versions(snapshot).values()) if snapshot else ()
        for held in candidates:
            is_meant = (held.model, held.version) == (model, version) and artefact in (None, held.artefact)
            if is_meant and (root / held.folder).is_dir():
                return held
        return None

    def _in_registry(self, model: str, version: str) -> Held:
        listed = model_of({"name": model}, self._registry.versions(model)).versions
        if version not in listed:
            raise RequestError(404, f"there is no version {version[:32]} of a model '{model[:64]}'")
        return held_of(model, listed[version])

    def _place(self, held: Held) -> Path:
        """The folder under which the version's files lie, once they have been fetched."""
        for root in self._roots:
            if (root / held.folder).is_dir():
                return root
        root = self._roots[1]
        target = root / held.folder
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f".{target.name}.{uuid4().hex}"
        temporary.mkdir()
        try:
            self._registry.download(held.model, held.version, temporary)
            _put(temporary, target)
        finally:
            _remove(temporary)
        return root


def _put(temporary: Path, target: Path) -> None:
    try:
        temporary.rename(target)
    except OSError:
        # Another server on this machine was sooner.
        if not target.is_dir():
            raise


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
