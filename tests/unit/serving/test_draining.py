"""A server that leaves: requests that still come over open connections are answered."""

import asyncio
import socket
import time
from types import SimpleNamespace

import pytest
from uvicorn.config import Config

from serving import worker
from serving.worker import BoundedProtocol, DrainingServer

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
DRAIN_S, ANSWER_S = 10.0, 15.0


class Scene:
    """A server on its way out, and two connections to it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.begun, self.may_answer = asyncio.Event(), asyncio.Event()

    async def answer(self, _scope, _receive, send):
        self.begun.set()
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def leave(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        config = Config(
            self.answer, http=BoundedProtocol, lifespan="off", log_level="critical", interface="asgi3"
        )
        server = DrainingServer(config, drain_s=DRAIN_S, answer_s=ANSWER_S)
        self.serving = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        self.asking, self.silent = [await asyncio.open_connection(*listening.getsockname()) for _ in range(2)]
        await until(lambda: len(server.server_state.connections) == 2)
        server.should_exit = True
        await until(lambda: listening.fileno() == -1)


async def until(is_so) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - a server tells of it in no other way
            await asyncio.sleep(0.01)


@pytest.fixture
def run(monkeypatch):
    def run(work):
        async def whole():
            scene = Scene()
            clock = SimpleNamespace(monotonic=lambda: scene.now_s, perf_counter=time.perf_counter)
            monkeypatch.setattr(worker, "time", clock)
            await scene.leave()
            try:
                return await asyncio.wait_for(work(scene), 60)
            finally:
                for _, writer in (scene.asking, scene.silent):
                    writer.close()

        return asyncio.run(whole())

    return run


def test_a_request_that_comes_late_in_the_drain_has_its_whole_time(run):
    async def work(scene):
        scene.now_s = 0.9 * DRAIN_S
        reader, writer = scene.asking
        writer.write(REQUEST)
        await scene.begun.wait()
        scene.now_s = DRAIN_S
        assert await scene.silent[0].read() == b""
        scene.now_s = DRAIN_S + 0.9 * ANSWER_S
        await asyncio.sleep(0.3)
        scene.may_answer.set()
        answer = await reader.read()
        await scene.serving
        return answer

    answer = run(work)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"ok")


def test_a_connection_that_stays_silent_is_closed_when_the_drain_is_over(run):
    async def work(scene):
        closed = asyncio.create_task(scene.silent[0].read())
        scene.now_s = 0.9 * DRAIN_S
        await asyncio.sleep(0.3)
        assert not closed.done()
        scene.now_s = DRAIN_S
        await scene.serving
        return await closed

    assert run(work) == b""
