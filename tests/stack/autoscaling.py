"""A replay of Kubernetes' autoscaling with real processes: model servers come and go behind a gateway.

    arrivals -> gateway -> model servers, listed in a file
                 ^             |  seconds that requests have been in
                 | the file    v
               the fleet <- the autoscaler's formula

A replica is listed once it is healthy, as a pod is that is ready; to stop one it is taken off the list, and
is told to leave when the gateway has surely seen that, as a pod's `preStop` wait does it.
"""

import asyncio
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from infra.scaling.arrivals import Times, diurnal, poisson
from infra.scaling.autoscaler import SYNC_S, Autoscaler, Direction, Limits, Policy, mean_metric
from infra.scaling.targets import MODEL_SERVER, SCALE_DOWN_STABILIZATION_S
from tests.benchmarks.open_loop import Client, Seen
from tests.conftest import pick_free_port
from tests.service.gateway_fixtures import BODY, Gateway, run_gateway
from tests.service.server_fixtures import Server, run_model_server

QUICKER = 15.0
"""How much faster time runs here: the autoscaler looks every second instead of every 15."""

SERVICE_S = 0.05
"""What the model takes, one call at a time in each replica: 20 answers a second."""

SHORT_DAY_S, SHORT_PEAK_PER_S, SHORT_MOST = 24.0, 50.0, 4
"""The day of the test: its peak is a quarter more than the first two replicas can answer, so that they are
not enough on any machine, and five eighths of what four can."""

STEADY_S = SCALE_DOWN_STABILIZATION_S / QUICKER / 4
"""A quarter of the stated window downwards, so that the day fits into a test."""

UNLIST_S = 2.5
LIMIT_S = 30.0
REPLICA = {"gateway_threads": 1, "gateway_drain_s": 1.0, "gateway_time_limit_s": LIMIT_S}
SECONDS_TOTAL = "penstock_model_server_request_seconds_total"


def limits(most: int) -> Limits:
    """The stated target and Kubernetes' default rules, with time running faster."""
    period_s = SYNC_S / QUICKER
    return Limits(
        MODEL_SERVER.in_flight,
        MODEL_SERVER.least,
        most,
        Direction((Policy("Percent", 100, period_s), Policy("Pods", 4, period_s)), 0.0),
        Direction((Policy("Percent", 100, period_s),), STEADY_S),
    )


def days_shape(seconds: float, peak_per_s: float, night_s: float = 10.0) -> Times:
    """One day of calls in so many seconds, a tenth of the peak at its ends, and the night after it."""
    swing, rng = 9 / 11, np.random.default_rng(11)
    day = diurnal(peak_per_s / (1 + swing), seconds, rng, swing=swing, day_s=seconds)
    return np.concatenate([day, seconds + poisson(peak_per_s / 10, night_s, rng)])


@dataclass(frozen=True)
class Moment:
    """What one look of the autoscaler saw and decided."""

    at_s: float
    in_flight: float
    ready: int
    wanted: int


@dataclass(frozen=True)
class Replay:
    """What came of a load until it was quiet again; how many servers became ready, and how many are left."""

    seen: Seen
    moments: tuple[Moment, ...]
    started: int
    left: int

    @property
    def statuses(self) -> Counter[int]:
        return self.seen.counts

    @property
    def most_ready(self) -> int:
        return max(moment.ready for moment in self.moments)


@dataclass
class Fleet:
    """The model servers that run, how many have ever become ready, and the file that lists them."""

    uri: str
    var_dir: Path
    listed: Path
    wanted: int = 0
    started: int = 0
    _servers: list[Server] = field(default_factory=list)
    _stacks: dict[int, ExitStack] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _jobs: list[Future[None]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16))

    @property
    def ready(self) -> Sequence[Server]:
        with self._changed:
            return tuple(self._servers)

    def scale(self, wanted: int) -> None:
        """Begin to start or stop replicas, newest first."""
        more, self.wanted = wanted - self.wanted, wanted
        self._jobs += [self._pool.submit(self._start) for _ in range(more)]
        self._jobs += [self._pool.submit(self._stop) for _ in range(-more)]

    def settle(self) -> None:
        """Wait for what has begun, and raise what has gone wrong."""
        for job in self._jobs:
            job.result()

    def close(self) -> None:
        self._pool.shutdown()
        for stack in self._stacks.values():
            stack.close()

    def _start(self) -> None:
        stack, port = ExitStack(), pick_free_port()
        server = stack.enter_context(run_model_server(self.uri, self.var_dir, port, **REPLICA))
        with self._changed:
            self._stacks[port] = stack
            self._servers.append(server)
            self.started += 1
            self._list()
            self._changed.notify_all()

    def _stop(self) -> None:
        with self._changed:
            # Who is not ready yet is no loss: those that answer stay until it is.
            self._changed.wait_for(lambda: len(self._servers) > self.wanted)
            server = self._servers.pop()
            self._list()
            stack = self._stacks.pop(server.port)
        time.sleep(UNLIST_S)
        stack.close()

    def _list(self) -> None:
        new = self.listed.with_suffix(".new")
        new.write_text("".join(f"{server.url}\n" for server in self._servers))
        new.replace(self.listed)


@contextmanager
def fleet_behind_gateway(uri: str, folder: Path) -> Iterator[tuple[Gateway, Fleet]]:
    """A gateway before as many model servers as the autoscaler begins with."""
    fleet = Fleet(uri, folder / "gateway", folder / "upstreams")
    settings: dict[str, object] = {
        "upstreams": f"file://{fleet.listed}",
        "gateway_max_in_flight": 512,
        "gateway_time_limit_s": LIMIT_S,
    }
    try:
        fleet.scale(MODEL_SERVER.least)
        fleet.settle()
        with run_gateway(uri, folder / "gateway", pick_free_port(), **settings) as gateway:
            yield gateway, fleet
    finally:
        fleet.close()


def replay(gateway: Gateway, fleet: Fleet, model: str, times: Times, most: int) -> Replay:
    """Send requests at their times while the autoscaler changes the replicas, and wait for its rest."""
    over, moments = threading.Event(), list[Moment]()
    watcher = threading.Thread(target=_autoscale, args=(fleet, limits(most), moments, over))
    watcher.start()
    try:
        client = Client(f"http://127.0.0.1:{gateway.port}", model, BODY)
        seen = asyncio.run(client.at([float(time_s) for time_s in times]))
    finally:
        over.set()
        watcher.join()
    fleet.settle()
    return Replay(seen, tuple(moments), fleet.started, len(fleet.ready))


def _autoscale(fleet: Fleet, told: Limits, moments: list[Moment], over: threading.Event) -> None:
    scaler, started = Autoscaler(told), time.monotonic()
    before: dict[int, tuple[float, float]] = {}
    while not (over.is_set() and fleet.wanted == told.least):
        time.sleep(SYNC_S / QUICKER)
        ready, values = fleet.ready, list[float]()
        for server in ready:
            now, total = time.monotonic(), _request_seconds(server)
            last_at, last = before.get(server.port, (now, total))
            before[server.port] = now, total
            if now > last_at:
                values.append((total - last) / (now - last_at))
        mean = mean_metric(values, fleet.wanted - len(values), told.target)
        wanted = scaler.replicas(time.monotonic(), fleet.wanted, mean)
        moments.append(Moment(time.monotonic() - started, sum(values), len(ready), wanted))
        fleet.scale(wanted)


def _request_seconds(server: Server) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{SECONDS_TOTAL} "))
