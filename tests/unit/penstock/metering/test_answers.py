"""What the API answered, counted."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.metering.answers import BUCKETS_S, RECENT_S, Answers
from penstock.metering.measuring import Measuring


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def answered(route: str | None, *, status: int = 200, method: str = "GET") -> Answers:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if route is not None:
            scope["route"] = SimpleNamespace(path=route)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(*_: Any) -> Any:
        return {}

    answers = Answers()
    scope = {"type": "http", "method": method, "path": "/api/ml/jobs/secret"}
    asyncio.run(Measuring(app, answers=answers)(scope, nothing, nothing))
    return answers


def test_an_answer_is_counted_by_its_routes_template() -> None:
    assert answered("/api/ml/jobs/{job_id}").statuses() == {("GET", "/api/ml/jobs/{job_id}", 200): 1}


def test_a_path_that_leads_nowhere_is_no_label() -> None:
    assert answered(None, status=404).statuses() == {("GET", "other", 404): 1}


def test_a_method_that_nobody_knows_is_no_label() -> None:
    assert list(answered("/x", method="EVIL").statuses()) == [("other", "/x", 200)]


def test_a_failure_inside_counts_as_500() -> None:
    async def app(*_: Any) -> None:
        raise RuntimeError("broken")

    answers = Answers()
    with pytest.raises(RuntimeError):
        asyncio.run(Measuring(app, answers=answers)({"type": "http", "method": "GET"}, app, app))  # type: ignore[arg-type]
    assert answers.statuses() == {("GET", "other", 500): 1}


def test_seconds_fall_into_their_buckets() -> None:
    answers = Answers(Clock())
    for seconds in (0.0005, 0.001, 0.002, 1000.0):
        answers.add("GET", "/x", 200, seconds)
    counts = answers.timed()["GET", "/x"].counts
    assert (counts[0], counts[1], counts[-1], sum(counts)) == (2, 1, 1, 4)
    assert len(counts) == len(BUCKETS_S) + 1


def test_quantiles_are_of_recent_answers_alone() -> None:
    clock = Clock()
    answers = Answers(clock)
    answers.add("GET", "/x", 200, 9.0)
    clock.now += RECENT_S + 1
    answers.add("GET", "/x", 200, 0.5)
    assert answers.quantiles((0.5, 0.99)) == [0.5, 0.5]


def test_without_answers_there_is_no_latency_and_no_throughput() -> None:
    answers = Answers(Clock())
    assert (answers.quantiles((0.5,)), answers.per_second()) == ([None], 0.0)


def test_throughput_is_of_the_time_that_was_counted() -> None:
    clock = Clock()
    answers = Answers(clock)
    for _ in range(20):
        clock.now += 0.5
        answers.add("GET", "/x", 200, 0.1)
    assert answers.per_second() == pytest.approx(2.0)
