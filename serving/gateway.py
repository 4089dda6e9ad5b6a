"""The gateway's application: puts a worker's parts together, starts them and ends them.

Gunicorn calls `create_app()` in each worker; the parts are made when the worker starts, not before.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from serving import metrics_files
from serving.crew import Crew
from serving.guarding import LOOK_EVERY_S, Guarding
from serving.hosting.census import census, parent
from serving.hosting.figures import HostFigures
from serving.hosting.hosting import FOLDER
from serving.log_keeping import LogKeeping
from serving.memory import START_S, ModelMemory
from serving.metrics import Metrics, declare
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.segment import SegmentWriter
from serving.processes import ProcessFigures
from serving.protocol.bounds import Bounds
from serving.registry.assemble import make_poller
from serving.registry.follower import Follower
from serving.registry.poller import Poller
from serving.scorers.assemble import make_loader
from serving.settings import Settings, load
from serving.tracing import Tracing, make_tracing
from serving.upstream.meters import UpstreamMeters
from serving.web.admission import Admission
from serving.web.asgi import Receive, Scope, Send
from serving.web.doors import Doors
from serving.web.invocations import Invocations, Limits
from serving.web.scoring import Scoring
from serving.web.shadows import Shadows
from serving.web.tally import Tally

_logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.2
LONGEST_LAG_S = 0.25
"""What has waited longer for the event loop is refused: beyond it a worker has more work than it can do."""


def create_app() -> "Gateway":
    """The ASGI application of one worker, by the settings of its environment."""
    return Gateway(load())


@dataclass(frozen=True, slots=True)
class Parts:
    """What one running worker is made of."""

    metrics: Metrics
    tally: Tally
    writer: SegmentWriter
    commit: GroupCommit
    crew: Crew
    shadows: Shadows
    admission: Admission
    follower: Follower
    poller: Poller
    keeping: LogKeeping
    doors: Doors
    guarding: Guarding
    upstreams: UpstreamMeters
    memory: ModelMemory
    tracing: Tracing | None


class Gateway:
    """One worker's ASGI application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parts: Parts | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or follow the worker's start and end."""
        if scope["type"] == "http" and self._parts is not None:
            await self._parts.doors(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._parts = await self._start()
        except Exception as error:  # the worker's edge: gunicorn must hear that it cannot start
            _logger.exception("the worker cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._end(self._parts)
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> Parts:
        parts = _assemble(self._settings)
        # What an earlier run or another worker has found is served from the first request on.
        await parts.follower.look()
        await parts.follower.settle(START_S)
        await asyncio.to_thread(parts.guarding.prepare, parts.follower.table)
        self._tasks = [
            asyncio.create_task(parts.follower.follow()),
            asyncio.create_task(_flush_for_ever(parts)),
            parts.memory.keep_recent(lambda: parts.poller.is_elected),
        ]
        for name, run, every_s in (
            ("poller", parts.poller.run, self._settings.gateway_poll_s),
            ("sealer", parts.keeping.sealer.run, self._settings.log_segment_s),
            ("guards", parts.guarding.run, LOOK_EVERY_S),
        ):
            threading.Thread(target=run, args=(every_s,), name=name, daemon=True).start()
        return parts

    async def _end(self, parts: Parts) -> None:
        parts.poller.stop()
        parts.keeping.sealer.stop()
        await asyncio.to_thread(parts.guarding.stop)
        for task in self._tasks:
            task.cancel()
        await parts.shadows.close()
        parts.commit.flush()
        parts.writer.close()
        parts.keeping.close()
        parts.memory.store.close()
        if parts.tracing is not None:
            await asyncio.to_thread(parts.tracing.close)
        parts.tally.flush(parts.commit, 0)


def _assemble(settings: Settings) -> Parts:
    metrics_files.install()
    metrics = declare(CollectorRegistry())
    tally = Tally(metrics)
    writer = SegmentWriter(
        settings.prediction_log_dir, max_bytes=settings.log_segment_bytes, max_age_s=settings.log_segment_s
    )
    commit = GroupCommit(writer)
    kept = commit if settings.log_predictions else None
    root = settings.gateway_dir.absolute()
    meters = UpstreamMeters(metrics.upstream_retries, metrics.upstream_down)
    loader = make_loader(settings, root, _bounds(settings), meters, metrics.pyfunc_starts)
    memory = ModelMemory(settings, root, metrics, loader.load)
    crew = Crew(settings.gateway_threads)
    guarding = Guarding(settings)
    shadows = Shadows(kept, tally, guarding.guards.masks, memory.store.scorer)
    limits = Limits(
        settings.gateway_max_in_flight,
        settings.gateway_max_body_bytes,
        settings.gateway_time_limit_s,
        allows_override=settings.gateway_allow_override,
    )
    admission = Admission(
        limits.in_flight,
        share=settings.gateway_model_share,
        at_once=settings.gateway_threads,
        patience_s=limits.time_s / 2,
        longest_lag_s=min(LONGEST_LAG_S, limits.time_s / 8),
    )
    tracing = make_tracing(settings)
    scoring = Scoring(crew, admission, limits.time_s, memory.store.scorer)
    invocations = Invocations(
        limits,
        admission=admission,
        scoring=scoring,
        commit=kept,
        shadows=shadows,
        tally=tally,
        guards=guarding.guards,
        tracing=tracing,
    )
    follower = memory.follower(tally.swapped)
    poller = make_poller(settings, root, memory.shelf)
    keeping = LogKeeping(
        settings,
        metrics,
        commit,
        admission,
        guarding.guards,
        is_elected=lambda: poller.is_elected,
        table=lambda: follower.table,
    )
    doors = Doors(
        follower,
        invocations,
        _exposition(root / FOLDER),
        tally,
        root,
        guards=guarding.guards,
        keeping=keeping,
    )
    return Parts(
        metrics=metrics,
        tally=tally,
        writer=writer,
        commit=commit,
        crew=crew,
        shadows=shadows,
        admission=admission,
        follower=follower,
        poller=poller,
        keeping=keeping,
        doors=doors,
        guarding=guarding,
        upstreams=meters,
        memory=memory,
        tracing=tracing,
    )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        rows=settings.gateway_max_rows, columns=settings.gateway_max_columns, depth=settings.gateway_max_depth
    )


def _exposition(hosts_dir: Path) -> Callable[[], bytes]:
    master = parent("gateway-master")
    processes = ProcessFigures(lambda: census(master, "gateway-worker", hosts_dir))
    hosts = HostFigures(hosts_dir)

    def text() -> bytes:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        registry.register(processes)
        registry.register(hosts)
        return bytes(generate_latest(registry))

    return text


async def _flush_for_ever(parts: Parts) -> None:
    while True:
        try:
            parts.writer.rotate_if_due()
            parts.tally.flush(parts.commit, parts.admission.in_flight, parts.crew.late)
            parts.tally.flush_poller(parts.poller)
            parts.upstreams.flush()
            parts.memory.flush()
            parts.keeping.flush()
            parts.tally.flush_gate(parts.guarding.guards.gate)
        except Exception:  # the loop's edge: counting must never end the worker
            _logger.exception("the metrics could not be written")
        await asyncio.sleep(FLUSH_EVERY_S)
