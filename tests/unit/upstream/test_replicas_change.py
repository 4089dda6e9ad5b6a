"""Replicas that a file lists: they come when they answer, and go without losing what they answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from serving.upstream.address import Address
from serving.upstream.directory import directory_of
from serving.upstream.errors import NotSent
from serving.upstream.upstream import Upstream
from tests.unit.upstream.upstream_servers import OK, Fake, Writer, running


class Scene:
    """Three servers, and the file that lists some of them."""

    def __init__(self, path: Path, fakes: Sequence[Fake], addresses: Sequence[Address]) -> None:
        self.fakes, self._path, self._addresses = fakes, path, addresses
        self.upstream = Upstream((), directory=directory_of(f"file://{path}"))
        self.welcomed: list[Address] = []
        self.upstream.welcome = self.welcomed.append

    def lists(self, *numbers: int) -> None:
        self._path.write_text("\n".join(f"http://{self._addresses[at].name}" for at in numbers))

    async def takes(self, *numbers: int) -> None:
        self.lists(*numbers)
        await asyncio.to_thread(self.upstream.refresh)

    async def asked_at_last(self) -> list[int]:
        """Who answers, once somebody does."""
        async with asyncio.timeout(30):
            while True:
                with suppress(NotSent):
                    return await self.asked()
                await asyncio.sleep(0.05)

    async def asked(self, times: int = 40) -> list[int]:
        """Who answers so many requests."""
        before = [len(fake.requests) for fake in self.fakes]
        for _ in range(times):
            assert (await self.upstream.ask(b"GET /x", b"", b"", 2.0)).body == b"ok"
        return [
            at
            for at, (fake, count) in enumerate(zip(self.fakes, before, strict=True))
            if len(fake.requests) > count
        ]


def run(tmp_path: Path, work: Callable[[Scene], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with AsyncExitStack() as stack:
            made = [await stack.enter_async_context(running()) for _ in range(3)]
            scene = Scene(tmp_path / "list", [fake for fake, _ in made], [address for _, address in made])
            try:
                return await work(scene)
            finally:
                scene.upstream.close()

    return asyncio.run(main())


def test_the_first_ones_are_asked_at_once(tmp_path: Path) -> None:
    async def work(scene: Scene) -> list[int]:
        await scene.takes(0, 1)
        return await scene.asked()

    assert run(tmp_path, work) == [0, 1]


def test_without_any_a_request_is_refused_and_later_answered(tmp_path: Path) -> None:
    async def work(scene: Scene) -> list[int]:
        with pytest.raises(NotSent, match="none of its replicas is healthy"):
            await scene.asked()
        scene.lists(2)
        return await scene.asked_at_last()

    assert run(tmp_path, work) == [2]


def test_a_newcomer_is_asked_once_its_health_check_has_succeeded(tmp_path: Path) -> None:
    async def work(scene: Scene) -> tuple[list[int], ...]:
        scene.fakes[1].health = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"
        await scene.takes(0)
        await scene.takes(0, 1)
        await scene.upstream.check()
        before = await scene.asked()
        scene.fakes[1].health = OK
        await scene.upstream.check()
        return before, await scene.asked()

    assert run(tmp_path, work) == ([0], [0, 1])


def test_each_server_is_welcomed_once_for_each_time_it_comes(tmp_path: Path) -> None:
    async def work(scene: Scene) -> list[int]:
        for numbers in ((0,), (0,), (0, 1), (0,), (0, 1)):
            await scene.takes(*numbers)
        return [scene.welcomed.count(replica.address) for replica in scene.upstream.replicas]

    assert run(tmp_path, work) == [1, 2]


def test_one_that_is_listed_no_more_answers_what_it_has(tmp_path: Path) -> None:
    async def slowly(_fake: Fake, _request: bytes, writer: Writer) -> None:
        await asyncio.sleep(0.3)
        writer.write(OK)

    async def work(scene: Scene) -> tuple[bytes, list[int]]:
        scene.fakes[0].handler = slowly
        await scene.takes(0)
        open_ = asyncio.create_task(scene.upstream.ask(b"GET /x", b"", b"", 2.0))
        await asyncio.sleep(0.1)
        await scene.takes(1)
        return (await open_).body, await scene.asked()

    assert run(tmp_path, work) == (b"ok", [1])


def test_a_list_that_is_gone_or_empty_leaves_the_servers_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(scene: Scene) -> list[int]:
        await scene.takes(0, 1)
        for _ in range(3):
            await scene.takes()
        return await scene.asked()

    with caplog.at_level(logging.WARNING):
        assert run(tmp_path, work) == [0, 1]
    assert len([line for line in caplog.messages if "the servers that are known stay" in line]) == 1
