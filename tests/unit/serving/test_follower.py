"""From a snapshot's file to the routing table of a worker, whose loads may be slow or fail."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from serving.protocol.errors import RequestError
from serving.protocol.media import Media
from serving.registry import recent
from serving.registry.follower import Follower
from serving.registry.footprint import BASE_BYTES
from serving.registry.loaders import Loaders
from serving.registry.recent import Recent
from serving.registry.shelf import Shelf
from serving.registry.slot import Slot
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState, write
from serving.registry.store import SPARE, Store, StoreLimits
from serving.registry.table import Lane
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Kind, Scored, Table, Wants
from serving.web.describe import readiness


class Echo:
    """A version that takes what is expected of no files, and answers with what it is given."""

    kind: Kind = "plan"
    fallback = reason = ""
    columns: tuple[tuple[str, str], ...] = (("a", "double"),)
    size_bytes = BASE_BYTES

    def begin(self, body: bytes, media: Media) -> Scored:
        return Scored(body, (), [], [], None)

    def begin_table(self, table: Table, wants: Wants) -> Scored:
        return Scored(b"", (), [], [], None)


class Silent:
    """Hears what the store tells."""

    def loaded(self, slot: Slot) -> None: ...
    def failed(self, slot: Slot) -> None: ...
    def emptied(self, slot: Slot, *, is_evicted: bool) -> None: ...
    def meant(self, slot: Slot, *, is_meant: bool) -> None: ...
    def waited(self, slot: Slot, outcome: str) -> None: ...


class Scene:
    def __init__(self, root: Path, *, room: float = 10 * BASE_BYTES, known: Recent | None = None) -> None:
        self.path, self.broken, self.calls = root / "registry.json", set[str](), list[str]()
        self.gate = threading.Event()
        self.gate.set()
        shelf = Shelf(self._load)
        self.store = Store(Loaders(shelf.load), Silent(), StoreLimits(model_bytes=room, cold_s=0.2))
        self.follower = Follower(self.path, shelf, self.store, lambda _before, _after: None, known)

    def publish(self, **versions: str) -> None:
        routes = {model: self._route(model, version) for model, version in versions.items()}
        write(self.path, Snapshot(routes, {}))

    async def settle(self) -> None:
        await self.follower.look()
        await self.follower.settle(5)

    def lane(self, model: str) -> Lane | None:
        return self.follower.table[model].only

    def answering(self, model: str) -> str | None:
        lane = self.lane(model)
        return lane.held.version if lane else None

    def _route(self, model: str, version: str) -> RouteState:
        held = Held(model, version, f"models/{model}/{version}", None)
        champion = VariantState("champion", model, "Production", None, 10_000, held, None)
        return RouteState(model, model, None, "salt", (champion,), (), None)

    def _load(self, held: Held) -> Echo:
        self.calls.append(f"{held.model}{held.version}")
        self.gate.wait(5)
        if held.version in self.broken:
            raise LoadError("it is broken")
        return Echo()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def run(work: Callable[[], Awaitable[Any]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


def test_what_fits_is_loaded_before_anybody_asks(scene: Scene) -> None:
    async def work() -> None:
        scene.publish(a="1", b="1")
        await scene.settle()
        assert all(scene.lane(model).slot.scorer for model in "ab")  # type: ignore[union-attr]

    run(work)


def test_a_new_version_takes_over_once_it_is_loaded_and_others_do_not_wait_for_it(scene: Scene) -> None:
    async def work() -> None:
        scene.publish(a="1")
        await scene.settle()
        scene.gate.clear()
        scene.publish(a="2", b="1")
        await scene.follower.look()
        assert (scene.answering("a"), scene.answering("b")) == ("1", "1")
        scene.gate.set()
        await scene.settle()
        assert scene.answering("a") == "2"
        assert scene.lane("a").slot.leases == 0  # type: ignore[union-attr]

    run(work)


def test_a_new_version_that_cannot_be_loaded_leaves_the_old_one_and_says_why(scene: Scene) -> None:
    async def work() -> None:
        scene.publish(a="1")
        await scene.settle()
        scene.broken.add("2")
        scene.publish(a="2")
        await scene.settle()
        assert scene.answering("a") == "1"
        assert scene.follower.table["a"].problems == (
            "variant 'champion': version 2 of 'a': it is broken; version 1 answers instead",
        )

    run(work)


def test_a_failed_version_is_tried_again_and_takes_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.registry.store.RETRY_S", 0.05)

    async def work() -> None:
        scene.publish(a="1")
        await scene.settle()
        scene.broken.add("2")
        scene.publish(a="2")
        await scene.settle()
        scene.broken.clear()
        await asyncio.sleep(0.06)
        await scene.settle()
        assert scene.answering("a") == "2"

    run(work)


def test_a_failed_version_is_tried_again_when_the_snapshot_is_written_again(scene: Scene) -> None:
    async def work() -> None:
        scene.broken.add("1")
        scene.publish(a="1")
        await scene.settle()
        assert scene.answering("a") is None
        scene.broken.clear()
        scene.publish(a="1")
        await scene.settle()
        assert scene.answering("a") == "1"

    run(work)


def test_a_model_out_of_memory_takes_its_new_version_at_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path, room=BASE_BYTES)

    async def work() -> None:
        scene.publish(a="1", b="1")
        await scene.settle()
        cold = next(model for model in "ab" if scene.lane(model).slot.scorer is None)  # type: ignore[union-attr]
        scene.publish(**({"a": "1", "b": "1"} | {cold: "2"}))
        await scene.follower.look()
        assert scene.answering(cold) == "2"
        assert f"{cold}2" not in scene.calls

    run(work)


def test_a_version_that_turns_out_broken_with_its_first_request_gives_way_to_the_one_before(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, room=BASE_BYTES)

    async def work() -> None:
        scene.publish(a="1")
        await scene.settle()
        scene.publish(a="1", b="1")
        await scene.settle()
        await scene.store.scorer(scene.lane("b").slot, None, 5)  # type: ignore[union-attr]
        assert scene.lane("a").slot.scorer is None  # type: ignore[union-attr]
        scene.broken.add("2")
        scene.publish(a="2", b="1")
        await scene.settle()
        with pytest.raises(RequestError, match="version 2 of 'a' cannot be loaded: it is broken"):
            await scene.store.scorer(scene.lane("a").slot, None, 5)  # type: ignore[union-attr]
        await scene.settle()
        assert scene.answering("a") == "1"

    run(work)


def test_what_was_used_last_is_loaded_first(tmp_path: Path) -> None:
    scene = Scene(tmp_path, room=BASE_BYTES, known=Recent({"models/c/1": (BASE_BYTES, 0.5)}))

    async def work() -> None:
        scene.publish(a="1", b="1", c="1")
        await scene.settle()
        assert scene.calls == ["c1"]

    run(work)


def test_what_was_used_last_is_noted_and_read_again(tmp_path: Path) -> None:
    noted = Recent({"models/b/1": (20, 0.5), "models/a/1": (10, 0.25)})
    recent.write(tmp_path / recent.FILE, noted)
    assert list(recent.read(tmp_path / recent.FILE).known.items()) == list(noted.known.items())


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', '[["a", "b", "c"]]'])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / recent.FILE).write_text(text)
    assert recent.read(tmp_path / recent.FILE) == Recent()


def test_a_worker_settles_only_when_the_first_versions_have_been_fetched(tmp_path: Path) -> None:
    async def work() -> list[bool]:
        scene = Scene(tmp_path)
        coming = VariantState("champion", "m", "Production", None, 10_000, None, "is being fetched", True)
        write(scene.path, Snapshot({"m": RouteState("m", "m", None, "salt", (coming,), (), None)}, {}))
        await scene.settle()
        settling = [scene.follower.is_settling]
        scene.publish(m="1")
        await scene.settle()
        return [*settling, scene.follower.is_settling]

    assert asyncio.run(work()) == [True, False]


def test_a_worker_has_settled_as_soon_as_its_first_versions_are_loaded(tmp_path: Path) -> None:
    async def work() -> list[object]:
        scene = Scene(tmp_path)
        scene.gate.clear()
        scene.publish(m="1")
        await scene.follower.look()
        before = readiness(scene.follower)
        scene.gate.set()
        await scene.store.want(scene.lane("m").slot, SPARE)  # type: ignore[union-attr]
        return [before[0], before[1]["problems"], readiness(scene.follower)[0]]

    told = ["the first versions are still being fetched or loaded"]
    assert asyncio.run(work()) == [False, told, True]
