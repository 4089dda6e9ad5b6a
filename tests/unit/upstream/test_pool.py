"""Keep-alive connections: which are used again, and what a failure lets a caller assume."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from serving.upstream.address import Address
from serving.upstream.connection import Answer
from serving.upstream.errors import Lost, NotSent
from serving.upstream.pool import Pool, PoolLimits
from tests.unit.upstream.upstream_servers import OK, Fake, Handler, Writer, answer_ok, running

HEAD = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


def run(work: Callable[[Fake, Pool], Awaitable[Any]], handler: Handler = answer_ok, **limits: Any) -> Any:
    async def main() -> Any:
        async with running(handler) as (fake, address):
            pool = Pool(address, PoolLimits(**limits))
            try:
                return await work(fake, pool)
            finally:
                pool.close()

    return asyncio.run(main())


def raw(answer: bytes, *, close: bool = False) -> Handler:
    async def handler(_fake: Fake, _request: bytes, writer: Writer) -> None:
        writer.write(answer)
        if close:
            await writer.drain()
            writer.close()

    return handler


async def ask(pool: Pool, left_s: float = 2.0) -> Answer:
    return await pool.exchange(HEAD, b"", left_s)


def test_requests_one_after_the_other_share_a_connection() -> None:
    async def work(fake: Fake, pool: Pool) -> int:
        for _ in range(5):
            assert (await ask(pool)).body == b"ok"
        return fake.connections

    assert run(work) == 1


def test_requests_at_a_time_have_one_connection_each_which_are_used_again() -> None:
    async def slow(_fake: Fake, _request: bytes, writer: Writer) -> None:
        await asyncio.sleep(0.02)
        writer.write(OK)

    async def work(fake: Fake, pool: Pool) -> int:
        for _ in range(3):
            await asyncio.gather(*(ask(pool) for _ in range(4)))
        return fake.connections

    assert run(work, slow) == 4


def test_more_requests_at_a_time_than_connections_are_refused() -> None:
    async def work(_fake: Fake, pool: Pool) -> list[Any]:
        return await asyncio.gather(*(ask(pool) for _ in range(3)), return_exceptions=True)

    found = run(work, connections=2)
    assert [type(one) for one in found] == [Answer, Answer, NotSent]
    assert str(found[2]) == "all 2 connections to it are in use"


def test_a_large_body_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000

    async def work(fake: Fake, pool: Pool) -> bytes:
        head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body)
        await pool.exchange(head, body, 5.0)
        return fake.requests[0][-len(body) :]

    assert run(work) == body


@pytest.mark.parametrize(
    ("answer", "close", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            False,
            b"abcde",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", True, b"to the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, False, b"ok"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", True, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, b""),
    ],
    ids=["chunked", "until the connection ends", "after a 100", "that closes", "without a body"],
)
def test_an_answer_in_another_form_is_read(answer: bytes, close: bool, body: bytes) -> None:
    async def work(_fake: Fake, pool: Pool) -> list[bytes]:
        return [(await ask(pool)).body for _ in range(2)]

    assert run(work, raw(answer, close=close)) == [body, body]


def test_a_connection_that_lay_idle_too_long_is_not_used_again() -> None:
    async def work(fake: Fake, pool: Pool) -> int:
        await ask(pool)
        await asyncio.sleep(0.05)
        await ask(pool)
        return fake.connections

    assert run(work, idle_s=0.02) == 2


def test_a_connection_that_was_closed_while_idle_costs_no_request() -> None:
    async def work(fake: Fake, pool: Pool) -> bytes:
        await ask(pool)
        fake.drop_all()  # nothing lets the client see it before it sends
        return (await ask(pool)).body

    assert run(work) == b"ok"


def test_nobody_there_means_surely_not_processed() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            await ask(Pool(Address("a", "127.0.0.1", taken.getsockname()[1])))

    with pytest.raises(NotSent, match="it takes no connection"):
        asyncio.run(main())


def test_an_end_after_the_request_was_read_means_perhaps_processed() -> None:
    with pytest.raises(Lost, match="ended before the answer was whole"):
        run(lambda _fake, pool: ask(pool), raw(b"", close=True))


def test_half_an_answer_is_none() -> None:
    with pytest.raises(Lost, match="ended before the answer was whole"):
        run(lambda _fake, pool: ask(pool), raw(OK[:-1], close=True))


def test_what_is_no_http_is_told() -> None:
    with pytest.raises(Lost, match="the answer is no HTTP"):
        run(lambda _fake, pool: ask(pool), raw(b"hello\r\n\r\n"))


def test_a_late_answer_ends_the_connection_and_is_taken_for_no_other() -> None:
    is_late, answered = asyncio.Event(), asyncio.Event()

    async def late_once(fake: Fake, _request: bytes, writer: Writer) -> None:
        if len(fake.requests) == 1:
            await is_late.wait()
            writer.write(OK.replace(b"ok", b"no"))
            answered.set()
        else:
            writer.write(OK)

    async def work(_fake: Fake, pool: Pool) -> bytes:
        with pytest.raises(TimeoutError):
            await ask(pool, 0.5)
        is_late.set()
        await asyncio.wait_for(answered.wait(), 10)
        return (await ask(pool)).body

    assert run(work, late_once) == b"ok"


def test_a_caller_that_leaves_ends_its_connection_alone() -> None:
    async def slow(_fake: Fake, _request: bytes, writer: Writer) -> None:
        await asyncio.sleep(0.05)
        writer.write(OK)

    async def work(_fake: Fake, pool: Pool) -> tuple[bytes, int]:
        leaving = asyncio.create_task(ask(pool))
        staying = asyncio.create_task(ask(pool))
        await asyncio.sleep(0.02)
        leaving.cancel()
        return (await staying).body, pool.in_flight

    assert run(work, slow) == (b"ok", 0)
