"""A server that leaves: requests that still come over open connections are answered."""

import asyncio
import socket

from uvicorn.config import Config

from serving.worker import BoundedProtocol, DrainingServer

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
DRAIN_S, ANSWER_S, TAKES_S = 1.0, 1.5, 1.2


async def slow(_scope, _receive, send):
    await asyncio.sleep(TAKES_S)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def answer_to_what_comes_after(wait_s: float) -> bytes:
    """Connect, have the server leave, and ask after so long."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = Config(slow, http=BoundedProtocol, lifespan="off", log_level="critical")
    server = DrainingServer(config, drain_s=DRAIN_S, answer_s=ANSWER_S)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - it tells of it in no other way
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    await asyncio.sleep(0.1)
    server.should_exit = True
    await asyncio.sleep(wait_s)
    writer.write(REQUEST)
    answer = await reader.read()
    writer.close()
    await serving
    return answer


def test_a_request_that_comes_late_in_the_drain_has_its_whole_time():
    answer = asyncio.run(answer_to_what_comes_after(0.7))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"ok")


def test_a_connection_that_stays_silent_is_closed_when_the_drain_is_over():
    assert asyncio.run(answer_to_what_comes_after(DRAIN_S + 0.4)) == b""
