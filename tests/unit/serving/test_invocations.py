"""The hot path without a network: what is answered, logged and counted when something goes wrong."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256
from threading import Event
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from serving.crew import Crew
from serving.metrics import declare
from serving.prediction_log.group_commit import GroupCommit
from serving.protocol.dialect import MLFLOW, Asked
from serving.protocol.errors import RequestError
from serving.protocol.media import Media
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState
from serving.registry.table import Table, build
from serving.scorers.scorer import Job, Kind, Scored
from serving.tracing import Tracing
from serving.web.admission import Admission
from serving.web.asgi import ARRIVED, Exchange
from serving.web.invocations import Invocations, Limits
from serving.web.scoring import Scoring
from serving.web.shadows import QUEUE, Shadows
from serving.web.tally import Tally

BODY = b'{"dataframe_records": [{"a": 1}]}'


class Memory:
    """A prediction log in memory, whose disk can be full."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.is_full = False

    def append(self, lines: bytes) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.lines += lines.splitlines()


class Constant:
    """A scorer that answers `yes`, after doing what it is told to."""

    fallback = reason = ""
    columns = (("a", "double"),)

    def __init__(
        self, before: Callable[[], object] = lambda: None, *, in_thread: bool = False, kind: Kind = "plan"
    ) -> None:
        self._before, self._in_thread, self.kind = before, in_thread, kind

    def begin(self, body: bytes, media: Media) -> Scored | Job:
        return self._score if self._in_thread else self._score()

    def _score(self) -> Scored:
        self._before()
        return Scored(b'{"predictions":["yes"]}', ("a",), [[1]], ["yes"], None)


class Scene:
    """One worker's hot path over a table of one model `m`."""

    def __init__(
        self,
        scorer: Constant,
        *,
        shadow: bool = False,
        has_log: bool = True,
        longest_lag_s: float = 10.0,
        tracing: Tracing | None = None,
        **limits: Any,
    ) -> None:
        self.registry, self.memory = CollectorRegistry(), Memory()
        self.tally = Tally(declare(self.registry))
        self.commit = GroupCommit(self.memory)
        kept = self.commit if has_log else None
        self.shadows = Shadows(kept, self.tally)
        chosen = Limits(**{"in_flight": 4, "body_bytes": 1000, "time_s": 2.0} | limits)
        self.admission = Admission(chosen.in_flight, longest_lag_s=longest_lag_s)
        scoring = Scoring(Crew(1), self.admission, chosen.time_s)
        self.invocations = Invocations(
            chosen,
            admission=self.admission,
            scoring=scoring,
            commit=kept,
            shadows=self.shadows,
            tally=self.tally,
            tracing=tracing,
        )
        self.table = table(scorer, shadow=shadow)

    async def call(
        self, name: str = "m", body: bytes = BODY, *, waited_s: float = 0.0, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        sent: list[dict[str, Any]] = []
        found = {"content-type": "application/json"} | {
            key.replace("_", "-"): value for key, value in headers.items()
        }
        scope: dict[str, Any] = {"headers": [(key.encode(), value.encode()) for key, value in found.items()]}
        scope[ARRIVED] = time.perf_counter() - waited_s

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.invocations.answer(name, MLFLOW, self.table, Exchange(scope, receive, send))
        answered = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], answered, json.loads(sent[1]["body"])

    def count(self, name: str, **labels: str) -> float:
        self.tally.flush(self.commit, 0)
        return self.registry.get_sample_value(name, labels) or 0.0


def table(scorer: Constant, *, shadow: bool) -> Table:
    states = [
        VariantState(name, "m", "Production", None, buckets, Held("m", "1", f"models/m/{name}", None), None)
        for name, buckets in (("champion", 10_000), ("shadow", 0))
    ]
    route = RouteState("m", "m", None, "salt", (states[0],), (states[1],) if shadow else (), None)
    loaded = {"models/m/champion": scorer, "models/m/shadow": Constant(in_thread=True)}
    return build(Snapshot({"m": route}, {}), dict(loaded), {})


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work()

    return asyncio.run(main())


def test_a_full_disk_still_answers_and_is_counted() -> None:
    scene = Scene(Constant())
    scene.memory.is_full = True
    status, _, answer = run(scene.call)
    assert (status, answer) == (200, {"predictions": ["yes"]})
    assert scene.count("penstock_log_lost_total") == 1


def test_the_record_is_written_before_the_answer_leaves() -> None:
    scene = Scene(Constant())
    _, headers, _ = run(scene.call)
    [line] = scene.memory.lines
    assert orjson.loads(line)["prediction_id"] == headers["x-prediction-id"]


def test_without_a_log_answers_and_shadows_are_counted_named_and_not_written() -> None:
    scene = Scene(Constant(), shadow=True, has_log=False)

    async def work() -> str:
        _, headers, _ = await scene.call()
        await scene.shadows.close()
        return headers["x-prediction-id"]

    assert len(run(work)) == 36
    assert scene.memory.lines == []
    for variant in ("champion", "shadow"):
        assert scene.count("penstock_predictions_total", model="m", version="1", variant=variant) == 1


def test_a_user_key_is_logged_hashed() -> None:
    scene = Scene(Constant())
    run(lambda: scene.call(x_user_id="ann"))
    assert orjson.loads(scene.memory.lines[0])["user_key"] == sha256(b"salt\0ann").hexdigest()[:32]


@pytest.mark.parametrize("given", ["a\tb", "ä"])
def test_a_request_id_that_is_no_plain_text_is_not_echoed(given: str) -> None:
    _, headers, _ = run(lambda: Scene(Constant()).call(x_request_id=given))
    assert "x-request-id" not in headers


def test_a_fault_of_the_models_code_is_500_and_tells_nothing() -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret")

    scene = Scene(Constant(fail))
    status, _, answer = run(scene.call)
    assert (status, answer["message"]) == (
        500,
        "the model failed on this request; the gateway's log says how",
    )
    assert scene.count("penstock_requests_total", model="m", version="1", variant="champion", code="500") == 1


def test_a_refused_request_is_not_logged() -> None:
    def refuse() -> None:
        raise RequestError(400, "no")

    scene = Scene(Constant(refuse))
    assert run(scene.call)[0] == 400
    assert scene.memory.lines == []


def test_a_model_that_is_late_is_504() -> None:
    scene = Scene(Constant(lambda: time.sleep(0.3), in_thread=True), time_s=0.05)
    status, _, answer = run(scene.call)
    assert status == 504
    assert answer["message"] == "the model did not answer within 0.05 s; send fewer rows, or try later"


def test_what_has_waited_too_long_for_the_event_loop_is_429_and_its_wait_counts() -> None:
    scene = Scene(Constant(), longest_lag_s=0.1)
    status, headers, _ = run(lambda: scene.call(waited_s=0.2))
    assert (status, headers["retry-after"]) == (429, "1")
    assert run(lambda: scene.call(waited_s=0.05))[0] == 200
    assert orjson.loads(scene.memory.lines[0])["latency_us"] >= 50_000


def test_a_version_that_is_being_fetched_is_503_with_when_to_come_again() -> None:
    scene = Scene(Constant())
    why = "version 1 of 'm' is being fetched"
    coming = VariantState("champion", "m", "Production", None, 10_000, None, why, is_coming=True)
    scene.table = build(Snapshot({"m": RouteState("m", "m", None, "s", (coming,), (), None)}, {}), {}, {})
    status, headers, answer = run(scene.call)
    assert (status, headers["retry-after"]) == (503, "1")
    assert answer["message"] == f"variant 'champion': {why}; try again in a second"


def test_beyond_the_limit_in_flight_is_429() -> None:
    scene = Scene(Constant(lambda: time.sleep(0.1), in_thread=True), in_flight=2)

    async def three() -> list[int]:
        return [status for status, _, _ in await asyncio.gather(*(scene.call() for _ in range(3)))]

    assert sorted(run(three)) == [200, 200, 429]
    assert scene.admission.in_flight == 0


def test_an_unknown_name_is_counted_without_its_name() -> None:
    scene = Scene(Constant())
    assert run(lambda: scene.call("n"))[0] == 404
    assert scene.count("penstock_rejected_total", reason="unknown_model") == 1


def test_a_shadow_is_logged_as_one_and_does_not_answer() -> None:
    scene = Scene(Constant(), shadow=True)

    async def work() -> None:
        await scene.call(x_request_id="call-1")
        await scene.shadows.close()

    run(work)
    assert [
        (orjson.loads(line)["shadow"], orjson.loads(line)["request_id"]) for line in scene.memory.lines
    ] == [
        (False, "call-1"),
        (True, "call-1"),
    ]


def test_shadows_that_do_not_fit_are_dropped_and_counted() -> None:
    scene = Scene(Constant(), shadow=True)

    async def work() -> None:
        lane = scene.table["m"].shadows[0]
        for _ in range(QUEUE // 2 + 3):
            scene.shadows.offer(lane, MLFLOW, Asked(BODY, {b"content-type": b"application/json"}), "id")
        await scene.shadows.close()

    run(work)
    assert scene.count("penstock_shadow_dropped_total", model="m", version="1", variant="shadow") == 3


def test_a_shadow_that_does_not_keep_up_leaves_places_to_another() -> None:
    scene = Scene(Constant(), shadow=True)

    async def work() -> None:
        slow = scene.table["m"].shadows[0]
        other = replace(slow, variant="other", held=replace(slow.held, folder="models/m/other"))
        for lane in (*[slow] * QUEUE, other):
            scene.shadows.offer(lane, MLFLOW, Asked(BODY, {b"content-type": b"application/json"}), "id")
        await scene.shadows.close()

    run(work)
    assert "other" in {orjson.loads(line)["variant"] for line in scene.memory.lines}


def test_slow_pyfuncs_leave_a_quarter_of_the_places_to_plans() -> None:
    scene = Scene(Constant(lambda: time.sleep(0.2), in_thread=True, kind="pyfunc"), in_flight=4)

    async def work() -> list[int]:
        slow = asyncio.gather(*(scene.call() for _ in range(6)))
        await asyncio.sleep(0.1)
        scene.table = table(Constant(), shadow=False)
        assert (await scene.call())[0] == 200
        return [status for status, _, _ in await slow]

    assert run(work) == [200, 200, 200, 429, 429, 429]


def test_pyfuncs_that_never_answer_hold_up_neither_plans_nor_other_pyfuncs() -> None:
    gate = Event()
    scene = Scene(Constant(gate.wait, in_thread=True, kind="pyfunc"), time_s=0.05)

    async def work() -> list[int]:
        late = [(await scene.call())[0] for _ in range(3)]
        for kind in ("plan", "pyfunc"):
            scene.table = table(Constant(in_thread=True, kind=kind), shadow=False)
            late.append((await scene.call())[0])
        return late

    assert run(work) == [504, 504, 504, 200, 200]
    gate.set()
