"""The hot path behind its guards, without a network."""

import asyncio
import time
from typing import Any

import pytest

from serving.protocol.errors import RequestError
from serving.registry.table import Table
from serving.web.disclosure import Disclosure
from serving.web.gate import forbidden
from serving.web.guards import Guards
from tests.unit.serving.test_invocations import Constant, Scene, run


class Closed:
    """A gate that lets nobody in, or everybody; what is visible is set."""

    problem = None

    def __init__(self, *, is_open: bool = False, visible: Table | None = None) -> None:
        self._is_open, self._visible = is_open, visible or {}

    async def admit(
        self, headers: Any, action: str, name: str | None, table: Table, address: str = ""
    ) -> None:
        if not self._is_open:
            raise forbidden("not you")

    def judged(self, headers: Any, table: Table) -> frozenset[str] | None:
        return None

    def visible(self, headers: Any, table: Table) -> Table:
        return self._visible

    def drain(self) -> dict[str, int]:
        return {}


def guarded(scene: Scene, guards: Guards) -> Scene:
    scene.invocations._gate, scene.invocations._disclosure = guards.gate, guards.disclosure
    return scene


def terse() -> Disclosure:
    return Disclosure(is_terse=True, clock=time.monotonic)


def test_who_is_not_let_in_reaches_no_model_and_is_counted() -> None:
    scene = guarded(Scene(Constant()), Guards(gate=Closed()))
    status, _, answer = run(scene.call)
    assert (status, answer) == (403, {"error_code": "PERMISSION_DENIED", "message": "not you"})
    assert scene.memory.lines == []
    assert scene.count("penstock_rejected_total", reason="forbidden") == 1


def test_who_is_not_let_in_takes_no_place() -> None:
    scene = guarded(
        Scene(Constant(lambda: time.sleep(0.2), in_thread=True), in_flight=1), Guards(gate=Closed())
    )

    async def work() -> tuple[int, int]:
        scene.invocations._gate = None
        busy = asyncio.create_task(scene.call())
        await asyncio.sleep(0.05)
        scene.invocations._gate = Closed()
        return (await scene.call())[0], (await busy)[0]

    assert run(work) == (403, 200)


def test_an_unknown_name_is_not_compared_with_names_that_the_caller_may_not_know() -> None:
    scene = guarded(Scene(Constant()), Guards(gate=Closed(is_open=True)))
    assert run(lambda: scene.call("mm"))[2]["message"] == "there is no model 'mm'; GET /models lists all"


def test_a_model_that_is_full_says_when_to_come_again() -> None:
    scene = Scene(Constant(lambda: time.sleep(0.2), in_thread=True), in_flight=4)

    async def work() -> Any:
        return await asyncio.gather(*(scene.call() for _ in range(4)))

    answers = run(work)
    assert [status for status, _, _ in answers if status != 200] == [429]
    [refused] = [answer for answer in answers if answer[0] == 429]
    assert refused[1]["retry-after"] == "1"
    assert refused[2]["message"] == "this model is answering 3 requests; try again in a second"


@pytest.mark.parametrize("status", [400, 413, 503])
def test_a_terse_refusal_of_a_model_names_neither_version_nor_reason(status: int) -> None:
    def refuse() -> None:
        raise RequestError(status, "column 'tenure' is missing")

    scene = guarded(Scene(Constant(refuse)), Guards(disclosure=terse()))
    found, headers, answer = run(lambda: scene.call(x_request_id="call-1"))
    assert found == status
    assert "tenure" not in answer["message"]
    assert "(request call-1)" in answer["message"]
    assert not [name for name in headers if name.startswith("x-penstock")]
    assert headers["x-request-id"] == "call-1"


def test_a_terse_refusal_of_an_unknown_name_has_a_request_id() -> None:
    scene = guarded(Scene(Constant()), Guards(disclosure=terse()))
    _, headers, answer = run(lambda: scene.call("mm"))
    assert answer["message"] == f"there is no such thing here (request {headers['x-request-id']})"
