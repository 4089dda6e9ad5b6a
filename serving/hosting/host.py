"""The process that runs one version's pyfunc: loads it, answers for it over a Unix socket, and ends itself.

It ends when nobody holds it any more, when all its threads are in calls that are late, and when the model's
code keeps the interpreter for itself. So it needs no parent that outlives it, and none to judge it.
"""

import asyncio
import faulthandler
import logging
import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path

import orjson

from serving.crew import Crew
from serving.hosting.spec import HostSpec
from serving.hosting.telling import caches_in, figures_of
from serving.logs import configure
from serving.model_server.answering import Answering, Limits
from serving.model_server.app import ModelServer
from serving.model_server.library import Single
from serving.model_server.serve import make_server, run, serve
from serving.scorers.load import load_pyfunc
from serving.scorers.pyfunc_scorer import PyfuncScorer
from serving.scorers.refusal import LoadError
from serving.settings import load
from serving.upstream.address import reachable
from serving.worker import DrainingServer

_logger = logging.getLogger(__name__)

FIRST_HOLD_S = 30.0
"""How long a host waits for its first holder."""

GRACE_S = 5.0
"""How long it stays after its last holder has left: a worker that is reloaded, if busy, is back by then."""

LOAD_LIMIT_S = 120.0
DRAIN_S = 1.0
BEAT_S = 1.0
STUCK_S = 5.0
"""How much longer than a call the interpreter may be kept from the event loop."""

LIBRARIES = ("mlflow.pyfunc.scoring_server", "pandas", "mlflow.sklearn")


def run_host(spec: HostSpec, report: int) -> int:
    """Load the version, say how that went, and answer until the process is wanted no more.

    Args:
        spec: Which version, where and within what.
        report: A descriptor that takes one JSON line: `error` is null when the host listens.
    """
    _set_apart()
    settings = load()
    configure(settings.log_format, program="pyfunc", shows_values=settings.log_values)
    faulthandler.dump_traceback_later(LOAD_LIMIT_S, exit=True)
    import_libraries()
    _bound_memory(spec.limits.memory_bytes)
    try:
        scorer = load_pyfunc(Path(spec.folder), fallback="", reason="", bounds=spec.limits.bounds)
        scorer.warm_up()
        listening = _listen(spec.socket)
    except (LoadError, OSError) as error:
        _tell(report, str(error))
        return 1
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    _tell(report, None)
    run(_serve(spec, scorer, listening))
    return 0


async def _serve(spec: HostSpec, scorer: PyfuncScorer, listening: socket.socket) -> None:
    limits = Limits(spec.limits.in_flight, spec.limits.body_bytes, spec.limits.time_s)
    crew = Crew(spec.limits.threads)
    watch = Watch(spec, crew)
    answering = Answering(crew, limits, watch.on_late)
    figures = figures_of(spec, answering.counts, caches_in(scorer.raw_model))
    app = ModelServer(Single(scorer), answering, watch.hold, figures=figures)
    server = make_server(app, drain_s=DRAIN_S)
    watch.server = server
    background = [asyncio.create_task(work) for work in (watch.beat(), watch.wait_for_holders())]
    await serve(server, listening)
    for task in background:
        task.cancel()
    _unlink(spec.socket, listening)


class Watch:
    """Decides when the process ends. For one event loop.

    Args:
        spec: The host's.
        crew: The threads that the model's code runs in.
    """

    def __init__(self, spec: HostSpec, crew: Crew) -> None:
        self.server: DrainingServer | None = None
        self._spec, self._crew = spec, crew
        self._holders = 0
        self._wait_s = FIRST_HOLD_S

    def hold(self, change: int) -> None:
        """Count those that want the process."""
        self._holders += change
        self._wait_s = GRACE_S

    def on_late(self) -> None:
        """End the process when every thread is in a call that is late."""
        if self._crew.late >= self._spec.limits.threads:
            _logger.warning(
                "%s: all %d threads are in calls that do not end", self._spec.called, self._crew.late
            )
            # The callers of these hear first that they were late.
            asyncio.get_running_loop().call_later(0.1, end_group)

    async def wait_for_holders(self) -> None:
        """Leave when nobody holds the process."""
        alone_s = 0.0
        while alone_s < self._wait_s:
            await asyncio.sleep(0.1)
            alone_s = 0.0 if self._holders else alone_s + 0.1
        if self.server is not None:
            self.server.should_exit = True

    async def beat(self) -> None:
        """Wind up the clock that ends the process when this loop does not come round: C code has it stuck."""
        while True:
            faulthandler.dump_traceback_later(self._spec.limits.time_s + STUCK_S, exit=True)
            await asyncio.sleep(BEAT_S)


def end_group() -> None:
    """End this process and all that the model's code has started."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _set_apart() -> None:
    """What a model prints goes to the log; it leaves no core files, and is the first to go without memory."""
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def import_libraries() -> None:
    """Import what nearly every pyfunc needs."""
    import importlib

    for name in LIBRARIES:
        importlib.import_module(name)


def _bound_memory(more_bytes: int) -> None:
    """Bound the address space at what is mapped now and so much more."""
    if not more_bytes:
        return
    try:
        mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mapped + more_bytes
    resource.setrlimit(
        resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
    )


def _listen(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(reachable(Path(path)))
    listening.listen(512)
    listening.setblocking(False)
    return listening


def _unlink(path: str, listening: socket.socket) -> None:
    """Take the socket's name away; another host's, started meanwhile, stays."""
    del listening
    with suppress(OSError):
        Path(path).unlink()


def _tell(report: int, error: str | None) -> None:
    with suppress(OSError):
        os.write(report, orjson.dumps({"error": error}, option=orjson.OPT_APPEND_NEWLINE))
    os.close(report)
