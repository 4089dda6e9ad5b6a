"""A gunicorn worker that loses no request when it is told to leave.

The stock worker closes idle keep-alive connections at once, and a request that is already on its way through
one of them is lost. This one stops to accept, tells every connection with its next answer that it closes, and
closes those that stay silent only when the drain's time is over.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, cast

from gunicorn.arbiter import Arbiter
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from serving.settings import load
from serving.web.asgi import ARRIVED

LOOK_EVERY_S = 0.05
FOLLOW_EVERY_S = 0.5
LONGEST_HEAD_BYTES = 256 * 1024
CLOSING = (b"connection", b"close")
ANSWER_S = 1.0
"""What an answer takes beside its scoring: the log, the way out."""


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with an end to a request's line and headers, which the parser keeps in memory.

    It also notes when a request arrives: what waits for the event loop is counted nowhere else.
    """

    _head_bytes: int | None = None

    def on_message_begin(self) -> None:
        """Count from here."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The body has its own bound."""
        self._head_bytes = None
        cast("dict[str, Any]", self.scope)[ARRIVED] = time.perf_counter()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        cast("dict[str, Any]", self.scope)[ARRIVED] = time.perf_counter()
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse headers that have no end."""
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD_BYTES:
                self.send_400_response(f"the headers must be at most {LONGEST_HEAD_BYTES} bytes")


class DrainingServer(Server):
    """Uvicorn's server with a shutdown that lets connected clients finish.

    Args:
        config: Uvicorn's.
        drain_s: How long silent connections are kept.
        answer_s: How long a request may take that has come until then.
    """

    def __init__(self, config: Config, *, drain_s: float, answer_s: float = 0.0) -> None:
        super().__init__(config)
        self._drain_s, self._answer_s = drain_s, answer_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let connected clients finish, then end the application."""
        for server in self.servers:
            server.close()
        for accepting in sockets or []:
            accepting.close()
        # The list is the one that requests in flight hold too: their answers close their connections.
        self.server_state.default_headers.append(CLOSING)
        await self._wait(lambda: not self.server_state.connections, self._drain_s)
        # Closes what is silent; what is being answered closes with its answer.
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait(lambda: not self.server_state.tasks, self._answer_s)
        await asyncio.sleep(LOOK_EVERY_S)
        for task in list(self.server_state.tasks):
            task.cancel(msg="the worker's time to drain is over")
        await self.lifespan.shutdown()

    async def _wait(self, is_over: Callable[[], bool], most_s: float) -> None:
        deadline = time.monotonic() + most_s
        while not (self.force_exit or is_over() or time.monotonic() >= deadline):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)


class DrainingWorker(UvicornWorker):  # type: ignore[misc]
    """The worker class that gunicorn is given."""

    CONFIG_KWARGS: dict[str, Any] = {"loop": "auto", "http": BoundedProtocol, "ws": "none", "lifespan": "on"}  # noqa: RUF012

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        settings = load()
        answer_s = settings.gateway_time_limit_s + ANSWER_S
        server = DrainingServer(self.config, drain_s=settings.gateway_drain_s, answer_s=answer_s)
        self._install_sigquit_handler()
        following = asyncio.create_task(self._leave_with_arbiter(server))
        await server.serve(sockets=self.sockets)
        following.cancel()
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    async def _leave_with_arbiter(self, server: Server) -> None:
        """Leave when gunicorn's own process was killed: an orphan would hold the port and heed nobody."""
        while os.getppid() == self.ppid:  # noqa: ASYNC110 - the system tells nobody of it
            await asyncio.sleep(FOLLOW_EVERY_S)
        server.should_exit = True
