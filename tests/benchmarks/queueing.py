"""The queueing model of the gateway held against a gateway: latencies and refusals at several loads.

One worker. In each round capacity is what 16 closed connections get, and gives the time that a request takes;
how that varies is seen at a tenth of it. Then requests come at random at each load, and the very times at
which they were sent go through the simulation, too. What network and client take, the latency at a tenth of
the capacity beyond a request's own time, is added to the simulated latencies.
"""

import asyncio
import math
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infra.scaling.arrivals import Times, bursty, poisson
from infra.scaling.closed_forms import load_of, mean_wait
from infra.scaling.queueing import Places, Queue, event_loop, places
from infra.scaling.targets import TARGETS
from serving.gateway import FLUSH_EVERY_S
from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import gateway
from tests.benchmarks.open_loop import Client, Seen, wait_until_answering
from tests.benchmarks.wrk import load
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.gateway_fixtures import BODY
from tests.service.gateway_models import register_slow

SLOW, SLOW_S, THREADS, LIMIT_S = "queueing-pyfunc", 0.02, 2, 2.0
ROWS, CONNECTIONS, REST = 10, 16, 0.1
SHARES = (0.5, 0.95, 0.99)
BURSTY = 0.4
READINGS = 4
SECONDS_SUM = "penstock_request_seconds_sum"
HEAD = (
    f"{'load':<12}{'p50 ms':<23}{'p95 ms':<23}{'p99 ms':<23}{'refused':<16}{'in flight':<16}"
    "p99 of all rounds; sent late"
)

Simulated = Callable[[Times, Times], Queue]


@dataclass(frozen=True)
class Case:
    """A model under load, and the queue that it is said to be."""

    title: str
    model: str
    body: bytes
    servers: int
    loads: tuple[float, ...]
    simulated: Simulated


@dataclass(frozen=True)
class Service:
    """What a request takes: its own time, how that varies, and what is not the gateway's."""

    mean_s: float
    samples_s: npt.NDArray[np.float64]
    delay_s: float

    @property
    def variation(self) -> float:
        return float(self.samples_s.std() / self.samples_s.mean())


@dataclass(frozen=True)
class Round:
    """One load, measured and simulated: quantiles in ms, the refused share, requests in flight."""

    measured_ms: tuple[float, ...]
    simulated_ms: tuple[float, ...]
    refused: tuple[float, float]
    in_flight: tuple[float, float]
    late_ms: float


CASES = (
    Case(f"a plan on the event loop, {ROWS} rows a request", "", b"", 1, (0.2, 0.4, 0.6, 0.8), event_loop),
    Case(
        f"a pyfunc that waits {SLOW_S * 1e3:.0f} ms, {THREADS} at a time",
        SLOW,
        BODY,
        THREADS,
        (0.2, 0.4, 0.6, 0.8, 1.5),
        lambda at, takes: places(at, takes, Places(THREADS, patience_s=LIMIT_S / 2)),
    ),
)


@dataclass(frozen=True)
class Bench:
    """A gateway and one of its models, to be loaded."""

    address: str
    case: Case
    name: str
    body: bytes
    bodies: Path
    seconds: float

    @property
    def client(self) -> Client:
        return Client(self.address, self.name, self.body)


def main(*, full: bool = False) -> str:
    """Compare in 5 rounds of 8 s a load with `full`, else in 2 of 3 s."""
    rounds, seconds = (5, 8.0) if full else (2, 3.0)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted)
        register_slow(server.uri, SLOW, seconds=SLOW_S)
        settings = {"gateway_time_limit_s": LIMIT_S, "gateway_threads": THREADS}
        address = stack.enter_context(gateway(server.uri, root, **settings))
        body = models.bodies(fitted, rows=ROWS, requests=1)[0].encode()
        found = []
        for case in CASES:
            name, sent = (case.model, case.body) if case.model else (fitted.name, body)
            bodies = root / f"{name}.jsonl"
            bodies.write_bytes(sent)
            wait_until_answering(address, name, sent)
            found.append(_compared(Bench(address, case, name, sent, bodies, seconds), rounds))
        return "\n\n".join([*found, _targets()])


def _compared(bench: Bench, rounds: int) -> str:
    rng = np.random.default_rng(models.SEED)
    _capacity(bench)  # warm
    found: dict[str, list[Round]] = {}
    services = list[Service]()
    for _ in range(rounds):
        capacity = _capacity(bench)
        rest = asyncio.run(bench.client.at(_times(poisson(REST * capacity, bench.seconds, rng))))
        services.append(_service(bench.case, capacity, rest))
        for share in bench.case.loads:
            times = poisson(share * capacity, bench.seconds, rng)
            found.setdefault(f"{share:.0%}", []).append(_round(bench, services[-1], times, rng))
        times = bursty(BURSTY * capacity, bench.seconds, rng, times_more=3.0)
        found.setdefault(f"{BURSTY:.0%} bursts", []).append(_round(bench, services[-1], times, rng))
    mean_ms, variation, delay_ms = (
        statistics.median(values)
        for values in zip(*((1e3 * s.mean_s, s.variation, 1e3 * s.delay_s) for s in services), strict=True)
    )
    return "\n".join(
        [
            f"{bench.case.title}: {mean_ms:.2f} ms a request, which varies by {variation:.2f} of itself,",
            f"and {delay_ms:.2f} ms beside it; medians of {rounds} rounds of {bench.seconds:g} s; simulated,",
            "measured (error of the simulation)",
            HEAD,
            *(_line(word, made) for word, made in found.items()),
        ]
    )


def _capacity(bench: Bench) -> float:
    path, seconds = f"/models/{bench.name}/invocations", max(1, int(bench.seconds / 3))
    found = load(bench.address, path, bench.bodies, connections=CONNECTIONS, seconds=seconds)
    return found.requests_per_s


def _service(case: Case, capacity: float, rest: Seen) -> Service:
    """The capacity's time a request; its variation from a load that hardly ever queues."""
    spent = np.array([one.spent_s for one in rest.sent if one.status == 200])
    usual_s = float(np.median(spent))
    mean_s = min(case.servers / capacity, usual_s)
    delay_s = usual_s - mean_s
    samples = np.maximum(spent - delay_s, mean_s / 5)
    return Service(mean_s, samples * mean_s / samples.mean(), delay_s)


def _round(bench: Bench, service: Service, times: Times, rng: np.random.Generator) -> Round:
    before = _metric(bench)
    seen = asyncio.run(bench.client.at(_times(times)))
    held_s = _metric(bench) - before
    ordered = sorted(seen.sent)
    sent = np.array([one.at_s for one in ordered])
    taken = np.array([one.spent_s for one in ordered if one.status == 200])
    queue = bench.case.simulated(sent, rng.choice(service.samples_s, sent.size))
    refused = sum(one.status == 429 for one in ordered) / len(ordered)
    if others := {one.status for one in ordered} - {200, 429}:
        raise SystemExit(f"{bench.case.title}: answers {others} came, too")
    return Round(
        tuple(float(np.quantile(taken, share)) * 1e3 for share in SHARES),
        tuple((queue.quantile(share) + service.delay_s) * 1e3 for share in SHARES),
        (queue.refused_share, refused),
        (queue.mean_in_flight, held_s / queue.seconds),
        sorted(seen.late_ms)[int(0.99 * (len(seen.late_ms) - 1))],
    )


def _times(times: Times) -> Sequence[float]:
    return [float(time_s) for time_s in times]


def _metric(bench: Bench) -> float:
    """The seconds that a model's requests have taken together, by the gateway's own count."""
    time.sleep(2 * FLUSH_EVERY_S)
    with urllib.request.urlopen(f"{bench.address}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith(SECONDS_SUM) and f'model="{bench.name}"' in line
    )


def _line(word: str, rounds: Sequence[Round]) -> str:
    cells = [f"{word:<12}"]
    for at in range(len(SHARES)):
        simulated = statistics.median(one.simulated_ms[at] for one in rounds)
        measured = statistics.median(one.measured_ms[at] for one in rounds)
        cells.append(f"{f'{simulated:.2f} {measured:.2f} ({simulated / measured - 1:+.0%})':<23}")
    for name, form in (("refused", ".1%"), ("in_flight", ".2f")):
        pair = [statistics.median(getattr(one, name)[side] for one in rounds) for side in (0, 1)]
        cells.append(f"{f'{pair[0]:{form}} {pair[1]:{form}}':<16}")
    p99s, late = [one.measured_ms[-1] for one in rounds], statistics.median(one.late_ms for one in rounds)
    return f"{''.join(cells)}{min(p99s):.1f}-{max(p99s):.1f} ms; {late:.1f} ms at p99"


def _targets() -> str:
    lines = [
        "one core by Pollaczek and Khinchine, where answers take equally long and as exponential times do:"
    ]
    for load_ in (0.5, 0.7, 0.8, 0.9):
        waits = [mean_wait(1.0, load_, variation=variation) for variation in (0.0, 1.0)]
        lines.append(f"at {load_:.0%} load a request waits for {waits[0]:.1f} to {waits[1]:.1f} answers")
    for target in TARGETS:
        loads = [load_of(target.in_flight, variation=variation) for variation in (0.0, 1.0)]
        off = math.sqrt((target.in_flight + target.in_flight**2) / READINGS) / target.in_flight
        meant = f"{target.in_flight:g} in flight is a load of {loads[0]:.0%} or {loads[1]:.0%}"
        lines.append(f"{target.workload}: {meant}; {READINGS} readings of that mean are off by {off:.0%}")
    return "\n".join(lines)
