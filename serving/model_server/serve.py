"""Runs the model server's application over a socket until it is told to leave."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from uvicorn.config import Config

from serving.worker import BoundedProtocol, DrainingServer

KEEP_ALIVE_S = 75
BACKLOG = 2048

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def make_server(app: App, *, drain_s: float, answer_s: float = 0.0) -> DrainingServer:
    """A server for an application; it leaves on SIGTERM, and lets connected clients finish."""
    config = Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=BACKLOG,
        server_header=False,
        date_header=False,
    )
    return DrainingServer(config, drain_s=drain_s, answer_s=answer_s)


async def serve(server: DrainingServer, listening: socket.socket) -> None:
    """Serve until the server is told to leave."""
    await server.serve(sockets=[listening])


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on the quickest event loop that there is."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
