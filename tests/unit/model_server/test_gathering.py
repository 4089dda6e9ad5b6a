"""Requests that wait are answered together; what one does is no other's harm."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from serving.crew import Crew
from serving.model_server.gathering import Counts, Gathering
from serving.scorers.scorer import Rows, Scored, Shareable

POISON = ["poison"]


def scored(rows: Rows) -> Scored:
    return Scored(b"{}", ("a",), rows, [row[0] for row in rows], None)


class Model:
    """Answers rows; the first call waits until it is let go, so that the others have to wait."""

    def __init__(self, most_rows: int = 8) -> None:
        self.most_rows = most_rows
        self.calls: list[Any] = []
        self.gate = threading.Event()

    def job(self, *rows: Sequence[object]) -> Shareable:
        return Shareable(lambda: self.alone(rows), rows, self)

    def alone(self, rows: Rows) -> Scored:
        self.calls.append(list(rows))
        assert self.gate.wait(10)
        if POISON in rows:
            raise ValueError("poison")
        return scored(rows)

    def answer(self, requests: Sequence[Rows]) -> Sequence[Scored]:
        self.calls.append([list(rows) for rows in requests])
        if any(POISON in rows for rows in requests):
            raise ValueError("one of them is poison")
        return [scored(rows) for rows in requests]


def run(act: Callable[[Gathering, Counts, Model], Awaitable[Any]], model: Model | None = None) -> Model:
    model, counts = model or Model(), Counts()

    async def whole() -> None:
        late: list[None] = []
        await act(Gathering(Crew(2), counts, lambda: late.append(None)), counts, model)

    asyncio.run(whole())
    return model


async def together(gathering: Gathering, model: Model, jobs: Sequence[Shareable], left_s: float = 5) -> Any:
    """Ask for the first, and for the others while it is answered."""
    asked = [asyncio.ensure_future(gathering.answer(job, left_s)) for job in jobs]
    await asyncio.sleep(0.05)
    model.gate.set()
    return await asyncio.gather(*asked, return_exceptions=True)


def test_an_idle_version_answers_a_request_at_once_and_alone() -> None:
    async def act(gathering: Gathering, counts: Counts, model: Model) -> None:
        model.gate.set()
        answer = await gathering.answer(model.job(["x"]), 5)
        assert answer is not None
        assert answer.predictions == ["x"]
        assert counts == Counts(calls=1, requests=1, rows=1)

    assert run(act).calls == [[["x"]]]


def test_those_who_wait_are_answered_by_one_call_each_by_its_own_rows() -> None:
    async def act(gathering: Gathering, counts: Counts, model: Model) -> None:
        jobs = [model.job(["first"]), model.job(["a"], ["b"]), model.job(["c"])]
        found = await together(gathering, model, jobs)
        assert [answer.predictions for answer in found] == [["first"], ["a", "b"], ["c"]]
        assert counts == Counts(calls=2, requests=3, rows=4)

    assert run(act).calls == [[["first"]], [[["a"], ["b"]], [["c"]]]]


def test_a_call_takes_no_more_rows_than_the_version_says() -> None:
    async def act(gathering: Gathering, _: Counts, model: Model) -> None:
        await together(gathering, model, [model.job([at]) for at in range(6)])

    assert [len(call) for call in run(act, Model(most_rows=2)).calls] == [1, 2, 2, 1]


def test_a_request_longer_than_a_call_goes_alone() -> None:
    async def act(gathering: Gathering, _: Counts, model: Model) -> None:
        await together(gathering, model, [model.job(["a"]), model.job(["b"], ["c"], ["d"]), model.job(["e"])])

    assert run(act, Model(most_rows=2)).calls == [[["a"]], [["b"], ["c"], ["d"]], [["e"]]]


def test_of_a_call_that_failed_each_is_to_be_answered_alone() -> None:
    async def act(gathering: Gathering, counts: Counts, model: Model) -> None:
        jobs = [model.job(["first"]), model.job(["well"]), model.job(POISON)]
        found = await together(gathering, model, jobs)
        assert [answer and answer.predictions for answer in found] == [["first"], None, None]
        assert counts.failed == 1

    run(act)


def test_what_a_request_alone_raises_is_its_callers() -> None:
    async def act(gathering: Gathering, _: Counts, model: Model) -> None:
        model.gate.set()
        with pytest.raises(ValueError, match="poison"):
            await gathering.answer(model.job(POISON), 5)

    run(act)


def test_a_caller_that_leaves_does_not_hang_the_others() -> None:
    async def act(gathering: Gathering, _: Counts, model: Model) -> None:
        asked = [asyncio.ensure_future(gathering.answer(model.job([at]), 5)) for at in range(3)]
        await asyncio.sleep(0.05)
        asked[0].cancel()
        asked[1].cancel()
        model.gate.set()
        answer = await asyncio.wait_for(asked[2], 2)
        assert answer is not None
        assert answer.predictions == [2]

    assert [1] not in [row for call in run(act).calls for row in call]


def test_a_call_that_is_late_is_given_up_and_the_next_begins() -> None:
    async def act(gathering: Gathering, _: Counts, model: Model) -> None:
        first = asyncio.ensure_future(gathering.answer(model.job(["hangs"]), 0.5))
        second = asyncio.ensure_future(gathering.answer(model.job(["next"]), 30))
        with pytest.raises(TimeoutError):
            await first
        async with asyncio.timeout(5):
            while len(model.calls) < 2:  # noqa: ASYNC110 - a model tells no test
                await asyncio.sleep(0.01)
        assert model.calls == [[["hangs"]], [["next"]]]
        model.gate.set()
        answer = await second
        assert answer is not None
        assert answer.predictions == ["next"]

    run(act)


def test_a_late_call_does_not_end_while_others_still_wait_for_it() -> None:
    async def act(gathering: Gathering, counts: Counts, model: Model) -> None:
        started = time.monotonic()
        model.answer = lambda requests: (time.sleep(0.3), [scored(rows) for rows in requests])[1]  # type: ignore[method-assign]
        jobs = [(model.job(["first"]), 60), (model.job(["hurried"]), 0.15), (model.job(["patient"]), 60)]
        asked = [asyncio.ensure_future(gathering.answer(job, left_s)) for job, left_s in jobs]
        await asyncio.sleep(0.05)
        model.gate.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(found[1], TimeoutError)
        assert found[2] is not None
        assert found[2].predictions == ["patient"]  # type: ignore[union-attr]
        assert counts.calls == 2
        assert time.monotonic() - started < 30

    run(act)
