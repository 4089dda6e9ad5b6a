"""Where a model server finds a version, and what it says when it cannot have it."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.model_server.registered import IDLE_S, Registered
from serving.protocol.errors import RequestError
from serving.registry.client import RegistryAway
from serving.registry.listing import model_of
from serving.registry.resolve import held_of
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState, write
from serving.scorers.refusal import LoadError

ENTRY = {"version": "1", "creation_timestamp": 5, "source": "runs:/a"}
HELD = held_of("m", model_of({"name": "m"}, [ENTRY]).versions["1"])


class Registry:
    """Two versions of `m`, or nothing while it is away."""

    def __init__(self) -> None:
        self.is_away, self.downloads = False, 0

    def versions(self, name: str) -> list[dict[str, Any]]:
        if self.is_away:
            raise RegistryAway("the registry did not answer")
        return [ENTRY] if name == "m" else []

    def download(self, model: str, version: str, folder: Path) -> None:
        self.downloads += 1
        (folder / "MLmodel").write_text("")


class Scene:
    def __init__(self, folder: Path) -> None:
        self.registry, self.now = Registry(), 0.0
        self.root, self.own = folder / "gateway", folder / "own"
        self.loads: list[Path] = []
        self.before_load: Callable[[], object] = lambda: None
        self.library = Registered(self.root, self.own, self.registry, self.load, clock=lambda: self.now)

    def load(self, root: Path, held: Held) -> Any:
        self.before_load()
        self.loads.append(root)
        return object()

    async def ask(self, version: str = "1", artefact: str | None = None, model: str = "m") -> Any:
        return await self.library.scorer(model, version, artefact)

    def publish(self, held: Held) -> None:
        (self.root / held.folder).mkdir(parents=True)
        variant = VariantState("champion", "m", "Production", None, 10_000, held, None)
        write(
            self.root / "registry.json",
            Snapshot({"m": RouteState("m", "m", None, "", (variant,), (), None)}, {}),
        )


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def refusal(scene: Scene, **asked: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        asyncio.run(scene.ask(**asked))
    return caught.value


def test_a_version_is_fetched_and_loaded_once(scene: Scene) -> None:
    async def work() -> bool:
        return await scene.ask() is await scene.ask(artefact=HELD.artefact)

    assert asyncio.run(work())
    assert (scene.loads, scene.registry.downloads) == ([scene.own], 1)
    assert (scene.own / HELD.folder / "MLmodel").exists()


def test_many_that_ask_at_once_share_one_load(scene: Scene) -> None:
    async def work() -> int:
        return len(set(await asyncio.gather(*(scene.ask() for _ in range(5)))))

    assert asyncio.run(work()) == 1
    assert len(scene.loads) == 1


def test_one_that_leaves_does_not_end_the_load_of_the_others(scene: Scene) -> None:
    gate = threading.Event()
    scene.before_load = lambda: gate.wait(5)

    async def work() -> bool:
        first, second = asyncio.create_task(scene.ask()), asyncio.create_task(scene.ask())
        await asyncio.sleep(0.05)
        first.cancel()
        gate.set()
        return await second is not None

    assert asyncio.run(work())


def test_what_the_gateway_holds_needs_no_registry(scene: Scene) -> None:
    scene.publish(HELD)
    scene.registry.is_away = True
    asyncio.run(scene.ask(artefact=HELD.artefact))
    assert scene.loads == [scene.root]


def test_without_the_registry_it_is_503(scene: Scene) -> None:
    scene.registry.is_away = True
    error = refusal(scene)
    assert (error.status, str(error)) == (503, "the registry did not answer")


@pytest.mark.parametrize(("model", "version"), [("m", "2"), ("n", "1")])
def test_what_is_not_registered_is_404(scene: Scene, model: str, version: str) -> None:
    error = refusal(scene, model=model, version=version)
    assert (error.status, str(error)) == (404, f"there is no version {version} of a model '{model}'")


def test_another_artefact_under_the_number_is_refused(scene: Scene) -> None:
    error = refusal(scene, artefact="1-other")
    assert (error.status, str(error)) == (503, "version 1 of 'm' is another artefact than the gateway's")


def test_a_version_that_cannot_be_loaded_is_told_and_not_tried_at_each_request(scene: Scene) -> None:
    def fail() -> None:
        scene.loads.append(scene.own)
        raise LoadError("its pyfunc cannot be loaded")

    async def work() -> list[Any]:
        return [await asyncio.gather(scene.ask(), return_exceptions=True) for _ in range(3)]

    scene.before_load = fail
    found = [error for [error] in asyncio.run(work())]
    assert {(error.status, error.code) for error in found} == {(503, "MODEL_CANNOT_BE_LOADED")}
    assert len(scene.loads) == 1
    assert scene.library.problems() == ["version 1 of 'm': its pyfunc cannot be loaded"]


def test_what_nobody_has_asked_for_long_is_let_go(scene: Scene) -> None:
    other = Held("m", "7", "models/m/7-b", None)

    async def work() -> None:
        await scene.ask()
        scene.now += IDLE_S + 1
        scene.publish(other)
        await scene.ask("7")
        await scene.ask()

    asyncio.run(work())
    assert len(scene.loads) == 3
