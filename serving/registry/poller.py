"""The poller: keeps the snapshot true to the registry. One worker runs it, elected by a file lock.

search the models -> the changed ones' versions -> tell the lifecycle -> choose routes
    -> fetch the versions they mean -> publish the snapshot
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from serving.registry.client import RegistryAway
from serving.registry.election import Election
from serving.registry.listing import Model, fingerprint, model_of
from serving.registry.resolve import choose_routes, resolve, targets
from serving.registry.snapshot import EMPTY, Snapshot, SnapshotError, held_versions, read, write
from serving.registry.warehouse import Warehouse

_logger = logging.getLogger(__name__)

FETCH_WAIT_S = 0.05
RECHECK_S = 30.0
"""Unchanged models are listed again this often, for version tags that the search answer does not show."""

FEW = 4
"""Of more models than these the versions are asked for in one question."""


class Registry(Protocol):
    """What the poller asks; `RegistryClient` is one."""

    def models(self) -> list[dict[str, Any]]:
        """Every registered model's entry; raises RegistryAway."""
        ...

    def versions(self, name: str) -> list[dict[str, Any]]:
        """Every version of a model; raises RegistryAway."""
        ...

    def all_versions(self) -> list[dict[str, Any]]:
        """Every version of every model; raises RegistryAway."""
        ...


Observer = Callable[[str, Mapping[str, str]], object]
"""Is told the stages of a model's versions when the model has changed, and now and then."""


class Poller:
    """Polls while it is the elected one. Runs in a thread of its own.

    Attributes:
        failures: How many polls have failed.
        polls: How many polls were made.
        polled_at_s: When the last good poll ended, in seconds since 1970; 0 before the first one.
        is_elected: Whether this worker is the one that polls.
    """

    def __init__(
        self, registry: Registry, warehouse: Warehouse, election: Election, observer: Observer, path: Path
    ) -> None:
        self.failures, self.polls, self.polled_at_s, self.is_elected = 0, 0, 0.0, False
        self._registry, self._warehouse, self._election = registry, warehouse, election
        self._observer, self._path = observer, path
        self._snapshot: Snapshot = EMPTY
        self._must_write = False
        self._models: dict[str, Model] = {}
        self._seen: dict[str, tuple[str, float]] = {}
        self._stop = threading.Event()
        self._is_failing = False

    def run(self, every_s: float) -> None:
        """Poll until `stop` is called; whatever goes wrong is logged, counted and tried again."""
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._turn(started + every_s)
                self._note_success()
            except (RegistryAway, OSError) as error:
                self._note_failure(error)
            except Exception:  # the loop's edge: the next poll starts anew
                self.failures += 1
                _logger.exception("the registry's poll failed")
            self._stop.wait(max(0.05, every_s - (time.monotonic() - started)))
        self._election.resign()

    def stop(self) -> None:
        """End after the turn that is under way, and let another worker take over."""
        self._stop.set()

    def poll(self) -> bool:
        """Make one poll and publish what changed.

        Returns:
            Whether a new snapshot was published.

        Raises:
            RegistryAway: The registry did not answer; the snapshot stays.
        """
        self.polls += 1
        listed = self._list()
        is_published = self._publish()
        for model in listed:
            self._tell(model)
        return is_published

    def _publish(self) -> bool:
        chosen = choose_routes(self._models, self._snapshot)
        wanted = targets(chosen, self._models)
        self._warehouse.want(wanted.values())
        self._must_write |= self._warehouse.collect(FETCH_WAIT_S)
        fresh = resolve(chosen, self._models, self._warehouse.stock, self._snapshot)
        self.polled_at_s = time.time()
        self._warehouse.sweep(set(wanted) | set(held_versions(fresh)))
        if fresh == self._snapshot and self._path.exists() and not self._must_write:
            return False
        write(self._path, fresh)
        _log_problems(self._snapshot, fresh)
        self._snapshot, self._must_write = fresh, False
        return True

    def _turn(self, next_turn_at: float) -> None:
        if not self.is_elected:
            if not self._election.holds():
                return
            self._take_over()
        self.poll()
        while self._warehouse.is_fetching and time.monotonic() < next_turn_at and not self._stop.is_set():
            self._publish()

    def _take_over(self) -> None:
        try:
            self._snapshot = read(self._path) or EMPTY
        except SnapshotError as error:
            _logger.warning("%s; it is made anew", error)
        self._warehouse.adopt(held_versions(self._snapshot).values())
        # Workers that could not read the file, or not load what it names, look at it anew.
        self._must_write = self.is_elected = True

    def _list(self) -> list[Model]:
        """Bring the models up to date; returns those that were listed anew."""
        entries = {entry["name"]: entry for entry in self._registry.models()}
        for name in set(self._models) - set(entries):
            del self._models[name], self._seen[name]
        now = time.monotonic()
        marks = {name: fingerprint(entry) for name, entry in entries.items()}
        stale = [name for name in entries if self._is_stale(name, marks[name], now)]
        listed = []
        for name, versions in self._versions(stale):
            model = model_of(entries[name], versions)
            self._models[name], self._seen[name] = model, (marks[name], now)
            listed.append(model)
        return listed

    def _is_stale(self, name: str, mark: str, now: float) -> bool:
        seen, listed_at = self._seen.get(name, ("", 0.0))
        return seen != mark or now - listed_at >= RECHECK_S

    def _versions(self, names: Sequence[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """The versions of models: one question each, or one for all where that is quicker."""
        if len(names) <= FEW:
            yield from ((name, self._registry.versions(name)) for name in names)
            return
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for item in self._registry.all_versions():
            if item["name"] in found:
                found[item["name"]].append(item)
        yield from found.items()

    def _tell(self, model: Model) -> None:
        stages = {number: version.stage for number, version in model.versions.items()}
        try:
            self._observer(model.name, stages)
        except Exception:  # the journal is no part of serving: whatever it raises must not stop the poll
            _logger.exception("moves of '%s' made elsewhere could not be journalled", model.name)

    def _note_success(self) -> None:
        if self._is_failing:
            _logger.warning("the registry is followed again")
        self._is_failing = False

    def _note_failure(self, error: Exception) -> None:
        self.failures += 1
        if not self._is_failing:
            _logger.warning("%s; serving goes on with what is held", error)
        self._is_failing = True


def _log_problems(before: Snapshot, after: Snapshot) -> None:
    """Log what has become wrong with a route's tag, once."""
    for name, route in after.routes.items():
        last = before.routes.get(name)
        if route.problem and (last is None or last.problem != route.problem):
            _logger.warning("the tag of route '%s' is not followed: %s", name, route.problem)
