"""A gunicorn worker that loses no request when it is told to leave.

The stock worker closes idle keep-alive connections at once, and a request that is already on its way through
one of them is lost. This one stops to accept, tells every connection with its next answer that it closes, and
closes those that stay silent only when the drain's time is over.
"""

import asyncio
import socket
import sys
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from serving.settings import load

LOOK_EVERY_S = 0.05
CLOSING = (b"connection", b"close")


class DrainingServer(Server):
    """Uvicorn's server with a shutdown that lets connected clients finish."""

    def __init__(self, config: Config, *, drain_s: float) -> None:
        super().__init__(config)
        self._drain_s = drain_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let connected clients finish, then end the application."""
        for server in self.servers:
            server.close()
        for accepting in sockets or []:
            accepting.close()
        # The list is the one that requests in flight hold too: their answers close their connections.
        self.server_state.default_headers.append(CLOSING)
        await self._wait_for_clients()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(LOOK_EVERY_S)
        for task in list(self.server_state.tasks):
            task.cancel(msg="the worker's time to drain is over")
        await self.lifespan.shutdown()

    async def _wait_for_clients(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._drain_s
        state = self.server_state
        while (state.connections or state.tasks) and loop.time() < deadline and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)


class DrainingWorker(UvicornWorker):  # type: ignore[misc]
    """The worker class that gunicorn is given."""

    CONFIG_KWARGS: dict[str, Any] = {"loop": "auto", "http": "httptools", "ws": "none", "lifespan": "on"}  # noqa: RUF012

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = DrainingServer(self.config, drain_s=load().gateway_drain_s)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
