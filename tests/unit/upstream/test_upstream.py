"""Several replicas: who is asked, when another one is, and who is left out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from serving.upstream.address import Address
from serving.upstream.errors import Lost, NotSent
from serving.upstream.upstream import Upstream
from tests.unit.upstream.upstream_servers import OK, Fake, Handler, Writer, answer_ok, running

LINE, HEAD = b"GET /x", b""
GONE = Address("gone", "127.0.0.1", 1)
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy"


class Scene:
    """Two replicas and what is counted of them."""

    def __init__(self, fakes: Sequence[Fake], upstream: Upstream, retried: list[str]) -> None:
        self.fakes, self.upstream, self.retried = fakes, upstream, retried

    async def ask(self, left_s: float = 2.0) -> bytes:
        return (await self.upstream.ask(LINE, HEAD, b"", left_s)).body

    def counts(self) -> list[int]:
        return [len(fake.requests) for fake in self.fakes]

    async def until_heard(self, count: int) -> None:
        await until(lambda: sum(self.counts()) >= count)


def run(work: Callable[[Scene], Awaitable[Any]], *handlers: Handler) -> Any:
    async def main() -> Any:
        async with AsyncExitStack() as stack:
            made = [await stack.enter_async_context(running(handler)) for handler in handlers]
            retried: list[str] = []
            upstream = Upstream([address for _, address in made], retried=retried.append)
            try:
                return await work(Scene([fake for fake, _ in made], upstream, retried))
            finally:
                upstream.close()

    return asyncio.run(main())


async def busy(_fake: Fake, _request: bytes, writer: Writer) -> None:
    writer.write(BUSY)


async def close(_fake: Fake, _request: bytes, writer: Writer) -> None:
    writer.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a server tells no test
            await asyncio.sleep(0.01)


async def never(_fake: Fake, _request: bytes, _writer: Writer) -> None:
    await asyncio.sleep(60)


def test_idle_replicas_share_the_requests() -> None:
    async def work(scene: Scene) -> list[int]:
        for _ in range(100):
            await scene.ask()
        return scene.counts()

    assert min(run(work, answer_ok, answer_ok)) > 20


def test_the_less_busy_replica_is_asked() -> None:
    async def work(scene: Scene) -> list[int]:
        hung = [asyncio.create_task(scene.ask(30.0)) for _ in range(8)]
        await scene.until_heard(8)
        for task in hung:
            task.cancel()
        return scene.counts()

    assert run(work, never, never) == [4, 4]


def test_another_replica_is_asked_where_one_is_gone_and_that_is_counted() -> None:
    async def work(scene: Scene) -> tuple[set[bytes], set[bool]]:
        [there] = [replica.address for replica in scene.upstream.replicas]
        upstream = Upstream([GONE, there], retried=scene.retried.append)
        bodies = {(await upstream.ask(LINE, HEAD, b"", 2.0)).body for _ in range(20)}
        upstream.close()
        return bodies, {name == there.name for name in scene.retried}

    assert run(work, answer_ok) == ({b"ok"}, {True})


def test_another_replica_is_asked_where_one_is_busy() -> None:
    async def work(scene: Scene) -> set[bytes]:
        return {await scene.ask() for _ in range(20)}

    assert run(work, busy, answer_ok) == {b"ok"}


def test_where_all_are_busy_that_is_the_answer() -> None:
    assert run(lambda scene: scene.ask(), busy, busy) == b"busy"


def test_a_request_that_may_have_been_processed_is_not_sent_again() -> None:
    async def work(scene: Scene) -> list[int]:
        with pytest.raises(Lost):
            await scene.ask()
        return scene.counts()

    assert sum(run(work, close, close)) == 1


def test_a_late_request_is_not_sent_again() -> None:
    async def work(scene: Scene) -> list[int]:
        with pytest.raises(TimeoutError):
            await scene.ask(0.5)
        await scene.until_heard(1)
        return scene.counts()

    assert sum(run(work, never, never)) == 1


def test_a_replica_that_fails_again_and_again_is_left_out_until_a_try_succeeds() -> None:
    async def work(scene: Scene) -> list[int]:
        [fake] = scene.fakes
        for _ in range(5):
            with pytest.raises(Lost):
                await scene.ask()
        with pytest.raises(NotSent, match="none of its replicas is healthy"):
            await scene.ask()
        before = len(fake.requests)
        fake.handler = answer_ok
        await asyncio.sleep(1.05)
        await scene.ask()
        await scene.ask()
        return [before, len(fake.requests)]

    assert run(work, close) == [5, 7]


def test_bad_requests_do_not_open_the_circuit() -> None:
    async def work(scene: Scene) -> set[bytes]:
        return {await scene.ask() for _ in range(20)}

    async def broken(_fake: Fake, _request: bytes, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno")

    assert run(work, broken) == {b"no"}


def test_a_replica_whose_health_checks_fail_is_left_out_until_one_succeeds() -> None:
    async def work(scene: Scene) -> list[list[int]]:
        found = []
        for health in (BUSY, OK):
            scene.fakes[0].health = health
            for _ in range(2):
                await scene.upstream.check()
            for _ in range(40):
                await scene.ask()
            found.append(scene.counts())
        return found

    (first, all_), (later, _) = run(work, answer_ok, answer_ok)
    assert (first, all_) == (0, 40)
    assert later > 5


def test_an_upstream_that_nobody_holds_ends_its_checks() -> None:
    async def main() -> None:
        async with running() as (_, address):
            upstream = Upstream([address])
            await upstream.ask(LINE, HEAD, b"", 1.0)
            del upstream
            await until(lambda: len(asyncio.all_tasks()) <= 2)

    asyncio.run(main())
