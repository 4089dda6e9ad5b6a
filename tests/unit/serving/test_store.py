"""Versions in memory: who is loaded, who waits, who leaves; real plans, loaded by the gateway's own code."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from serving.plan.load import digest
from serving.plan.model import Column
from serving.plan.write import write_plan
from serving.protocol.errors import RequestError
from serving.protocol.media import JSON
from serving.registry.footprint import estimate
from serving.registry.loaders import Loaders
from serving.registry.slot import Slot
from serving.registry.snapshot import Held
from serving.registry.store import SPARE, SWAP, Store, StoreLimits
from serving.scorers.load import load_scorer
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Scored, Scorer

BODY = b'{"dataframe_records": [{"length": 1.5, "width": -0.25}]}'


@dataclass
class Seen:
    """What the store tells, as words."""

    words: list[str] = field(default_factory=list)

    def loaded(self, slot: Slot) -> None:
        self.words.append(f"+{slot.held.version}")

    def failed(self, slot: Slot) -> None:
        self.words.append(f"!{slot.held.version}")

    def emptied(self, slot: Slot, *, is_evicted: bool) -> None:
        self.words.append(f"-{slot.held.version}")

    def meant(self, slot: Slot, *, is_meant: bool) -> None:
        self.words.append(f"{'=' if is_meant else '~'}{slot.held.version}")

    def waited(self, slot: Slot, outcome: str) -> None:
        self.words.append(f"{outcome} {slot.held.version}")


class Scene:
    """A store over versions of one real plan, each counted as 100 bytes, whose loads can be held up."""

    def __init__(
        self, model: tuple[Path, str], *, room: float, cold_s: float = 5.0, waiting: int = 8
    ) -> None:
        self.folder, self.sha256 = model
        self.gate, self.seen = threading.Event(), Seen()
        self.gate.set()
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.closed: list[str] = []
        limits = StoreLimits(model_bytes=room, cold_s=cold_s, waiting=waiting)
        self.store = Store(Loaders(self._load), self.seen, limits)

    def slot(self, version: str, size_bytes: int = 100) -> Slot:
        held = Held("m", version, f"models/m/{version}", self.sha256)
        return self.store.slot(held, size_bytes=size_bytes)

    async def ask(self, version: str, *, cold_ms: float | None = None, size_bytes: int = 100) -> Scored:
        slot = self.slot(version, size_bytes)
        scorer = slot.scorer or await self.store.scorer(slot, cold_ms, 10.0)
        slot.used_s = time.perf_counter()
        begun = scorer.begin(BODY, JSON)
        assert isinstance(begun, Scored)
        return begun

    def loaded(self) -> set[str]:
        return {slot.held.version for slot in self.store.slots.values() if slot.scorer}

    def _load(self, held: Held) -> Scorer:
        self.calls.append(held.version)
        self.gate.wait(10)
        if held.version in self.broken:
            raise LoadError("its plan is gone")
        return Counted(load_scorer(self.folder, plan_sha256=self.sha256), held.version, self.closed)


class Counted:
    """A version whose memory is known, and whose end is noted."""

    def __init__(self, scorer: Scorer, version: str, closed: list[str]) -> None:
        self.kind, self.fallback, self.reason = scorer.kind, scorer.fallback, scorer.reason
        self.columns, self.begin, self.begin_table = scorer.columns, scorer.begin, scorer.begin_table
        self._version, self._closed = version, closed

    size_bytes = 100

    def close(self) -> None:
        self._closed.append(self._version)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A version's files with a plan that answers `yes` where length is positive, and the plan's digest."""
    folder = tmp_path_factory.mktemp("model")
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(200, 2)), columns=["length", "width"])
    numbers = Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])
    columns = ColumnTransformer([("numbers", numbers, list(frame))])
    fitted = Pipeline([("columns", columns), ("estimator", LogisticRegression())])
    fitted.fit(frame, np.where(frame.length > 0, "yes", "no"))
    inputs = (Column("length", "double", True), Column("width", "double", True))
    write_plan(fitted, inputs, folder / "plan", task="binary")
    schema = Schema([ColSpec("double", "length"), ColSpec("double", "width")])
    Model(signature=ModelSignature(schema, Schema([ColSpec("string")]))).save(str(folder / "MLmodel"))
    return folder, digest(folder / "plan")


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work()

    return asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a store tells no test
            await asyncio.sleep(0.005)


def test_the_first_request_loads_the_version_and_is_answered(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=300)
    assert run(lambda: scene.ask("1")).body == b'{"predictions":["yes"]}'
    assert scene.seen.words == ["+1", "answered 1"]


def test_the_least_recently_used_leaves(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=300)

    async def work() -> None:
        for version in ("1", "2", "3", "1", "4"):
            await scene.ask(version)

    run(work)
    assert scene.loaded() == {"1", "3", "4"}
    assert scene.closed == ["2"]


def test_what_answers_is_never_emptied(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=200)

    async def work() -> None:
        await scene.ask("1")
        await scene.ask("2")
        with scene.slot("1").lease():
            await scene.ask("3")
            assert scene.loaded() == {"1", "3"}

    run(work)


def test_a_load_waits_while_all_that_is_loaded_answers(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=100)

    async def work() -> None:
        await scene.ask("1")
        with scene.slot("1").lease():
            asked = asyncio.create_task(scene.ask("2"))
            await asyncio.sleep(0.05)
            assert scene.loaded() == {"1"}
        await asked
        assert scene.loaded() == {"2"}

    run(work)


def test_all_that_wait_share_one_load(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=300)

    async def work() -> list[Scored]:
        return await asyncio.gather(*(scene.ask("1") for _ in range(8)))

    assert len(run(work)) == 8
    assert scene.calls == ["1"]


def test_a_version_that_is_waited_for_stays_though_another_is_loaded_after_it(
    model: tuple[Path, str],
) -> None:
    scene = Scene(model, room=100)

    async def work() -> None:
        await asyncio.gather(*(scene.ask(str(number)) for number in range(6)))

    run(work)
    assert sorted(word for word in scene.seen.words if word.startswith("answered")) == [
        f"answered {number}" for number in range(6)
    ]


def test_a_late_load_is_refused_with_the_time_to_come_again_and_the_next_call_is_answered(
    model: tuple[Path, str],
) -> None:
    scene = Scene(model, room=300, cold_s=0.05)
    scene.gate.clear()

    async def work() -> Scored:
        with pytest.raises(RequestError, match="version 1 of 'm' is being loaded; try again in") as refused:
            await scene.ask("1")
        assert (refused.value.status, refused.value.headers) == (503, ((b"retry-after", b"1"),))
        scene.gate.set()
        await until(lambda: scene.loaded() == {"1"})
        return await scene.ask("1")

    assert run(work).body == b'{"predictions":["yes"]}'
    assert scene.calls == ["1"]


def test_the_policys_time_wins(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=300, cold_s=60.0)
    scene.gate.clear()

    async def work() -> float:
        started = time.perf_counter()
        with pytest.raises(RequestError, match="is being loaded"):
            await scene.ask("1", cold_ms=50)
        scene.gate.set()
        return time.perf_counter() - started

    assert run(work) < 30.0


def test_a_version_that_cannot_be_loaded_says_why_and_is_not_tried_with_each_request(
    model: tuple[Path, str],
) -> None:
    scene = Scene(model, room=300)
    scene.broken.add("1")

    async def work() -> None:
        for _ in range(3):
            with pytest.raises(
                RequestError, match="version 1 of 'm' cannot be loaded: its plan is gone"
            ) as refused:
                await scene.ask("1")
            assert refused.value.headers == ((b"retry-after", b"10"),)

    run(work)
    assert scene.calls == ["1"]
    assert scene.store.news == 1


def test_a_version_larger_than_the_bound_answers_alone(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=50)

    async def work() -> None:
        await scene.ask("1")
        await scene.ask("2")

    run(work)
    assert scene.loaded() == {"2"}


def test_too_many_that_wait_are_refused_at_once(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=300, waiting=2)
    scene.gate.clear()

    async def work() -> None:
        first = [asyncio.create_task(scene.ask("1")) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(RequestError, match="is being loaded"):
            await asyncio.wait_for(scene.ask("1"), 0.5)
        scene.gate.set()
        await asyncio.gather(*first)

    run(work)
    assert scene.store.waiting == 0


def test_spare_room_is_used_and_nobody_leaves_for_it(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=200)

    async def work() -> None:
        scene.store.warm([scene.slot(version) for version in ("1", "2", "3")])
        await until(lambda: not scene.store.is_busy)

    run(work)
    assert scene.loaded() == {"1", "2"}


def test_a_request_overtakes_what_is_loaded_for_spare_room(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=1000)

    async def work() -> None:
        scene.store.warm([scene.slot(str(number)) for number in range(6)])
        await scene.ask("5")
        assert len(scene.loaded()) < 4
        await until(lambda: not scene.store.is_busy)

    run(work)
    assert len(scene.loaded()) == 6


def test_a_swap_goes_beyond_the_bound_rather_than_emptying_what_answers(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=100)

    async def work() -> None:
        await scene.ask("1")
        with scene.slot("1").lease():
            await scene.store.want(scene.slot("2"), SWAP)
            assert scene.loaded() == {"1", "2"}

    run(work)


def test_a_version_without_a_route_leaves_after_a_while_and_stays_if_a_route_comes_back(
    model: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.registry.store.LEAVE_S", 0.05)
    scene = Scene(model, room=300)

    async def work() -> None:
        one, two = scene.slot("1"), scene.slot("2")
        await scene.ask("1")
        await scene.ask("2")
        scene.store.keep([])
        scene.store.keep([one.held])
        await asyncio.sleep(0.1)
        scene.store.tick()
        assert (one.scorer is None, two.scorer is None) == (False, True)
        await until(lambda: scene.closed == ["2"])

    run(work)
    assert scene.seen.words[-4:] == ["~1", "~2", "=1", "-2"]


def test_a_caller_who_leaves_takes_no_load_from_the_others(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=300)
    scene.gate.clear()

    async def work() -> Scored:
        gone, stays = asyncio.create_task(scene.ask("1")), asyncio.create_task(scene.ask("1"))
        await asyncio.sleep(0.02)
        gone.cancel()
        scene.gate.set()
        return await stays

    assert run(work).count == 1
    assert scene.slot("1").waiting == scene.store.waiting == 0


def test_a_spare_load_that_has_no_room_is_given_up(model: tuple[Path, str]) -> None:
    scene = Scene(model, room=50)

    async def work() -> None:
        await asyncio.wait_for(scene.store.want(scene.slot("1"), SPARE), 1)

    run(work)
    assert scene.loaded() == set()


def test_a_version_is_estimated_by_its_files(model: tuple[Path, str]) -> None:
    size = sum(path.stat().st_size for path in (model[0] / "plan").iterdir())
    assert estimate(model[0]) - 300_000 == size
