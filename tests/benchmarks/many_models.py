"""Many models behind one gateway: throughput beside one model's, memory, and the cost of a bound on it.

Traffic is Zipf's: the model of rank k gets a share like 1 / k. Answers of the models cost unlike, so that the
mix is compared with what it would be if each model's share were answered as fast as that model alone.
"""

import http.client
import json
import random
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks import many_artefacts as many
from tests.benchmarks.gateways import gateway
from tests.benchmarks.many_artefacts import Artefact
from tests.benchmarks.wrk import load
from tests.conftest import pick_free_port, run_mlflow_server

REQUESTS, CONNECTIONS, BOUND_SHARE = 6000, 16, 0.4
ALL = 10**15


@dataclass
class Prober:
    """Asks cold models one after the other while the load runs, and notes how long each answer took."""

    address: str
    artefacts: list[Artefact]
    took: list[tuple[int, float]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until told to stop."""
        rng = random.Random(3)
        while not self.stop.wait(0.05):
            warm = {name.split("/")[0] for name in ready(self.address)["memory"]["loaded"]}
            cold = [each for each in self.artefacts if each.name not in warm]
            if not cold:
                continue
            chosen = rng.choice(cold)
            started = time.perf_counter()
            status = _ask(self.address, chosen)
            self.took.append((status, time.perf_counter() - started))


@dataclass(frozen=True)
class Memory:
    """Proportional set sizes of all of a gateway's processes, in MB."""

    empty: float
    one_worker: float
    two_workers: float


def main(*, full: bool = False) -> str:
    """100 models with `full`, else 20; three rounds of each load."""
    count, seconds = (100, 10) if full else (20, 4)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        artefacts = many.register(server.uri, many.bases(full=full), count)
        every = many.write_requests(many.zipf(artefacts, REQUESTS), root / "all.tsv")
        lines = [_sizes(root, count)]
        with timed_gateway(server.uri, root / "one", count) as (address, took_s, _):
            lines.append(f"first start: all {count} fetched, tried and loaded after {took_s:.1f} s")
            held = ready(address)["memory"]["held_bytes"]
            lines += _throughput(address, every, artefacts, root, seconds)
        with timed_gateway(server.uri, root / "one", count) as (_, took_s, port):
            lines.append(f"second start: all {count} loaded after {took_s:.1f} s")
            one_worker = pss_mb(port)
        with timed_gateway(server.uri, root / "one", 2 * count, gateway_workers=2) as (_, _, port):
            two = pss_mb(port)
        with timed_gateway(server.uri, root / "one", 0, gateway_model_bytes=1) as (_, _, port):
            memory = Memory(pss_mb(port), one_worker, two)
        lines += _memory(memory, count, held)
        bound = int(held * BOUND_SHARE)
        with timed_gateway(server.uri, root / "one", 0, gateway_model_bytes=bound) as (address, _, _):
            lines += _bounded(address, every, artefacts, 3 * seconds, bound / held)
    return "\n".join(lines)


@contextmanager
def timed_gateway(uri: str, root: Path, loaded: int, **settings: object) -> Iterator[tuple[str, float, int]]:
    """A gateway that has made so many loads; yields its address, the seconds that took, and its port."""
    started = time.monotonic()
    with gateway(uri, root, **{"gateway_model_bytes": ALL} | settings) as address:
        while _sum(metrics(address), "penstock_model_loads_total") < loaded:
            if time.monotonic() - started > 300:
                raise TimeoutError(f"the gateway has loaded {ready(address)}")
            time.sleep(0.2)
        yield address, time.monotonic() - started, int(urlsplit(address).port or 0)


def ready(address: str) -> Any:
    """The gateway's word on itself."""
    with urllib.request.urlopen(f"{address}/ready", timeout=10) as answer:
        return json.loads(answer.read())


def pss_mb(port: int) -> float:
    """The memory of the gateway's processes, what they share counted once, in MB."""
    time.sleep(1.0)
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"PENSTOCK_GATEWAY_PORT={port}\0".encode() not in (process / "environ").read_bytes():
                continue
            rollup = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _throughput(address: str, every: Path, artefacts: list[Artefact], root: Path, seconds: int) -> list[str]:
    """The mix in three rounds, and before each round every model alone."""
    shares = many.zipf_shares(len(artefacts))
    runs, expected, first = [], [], []
    for _ in range(3):
        alone = [_alone(address, artefact, root) for artefact in artefacts]
        first.append(alone[0])
        expected.append(1 / sum(share / speed for share, speed in zip(shares, alone, strict=True)))
        runs.append(load(address, None, every, connections=CONNECTIONS, seconds=seconds))
    speed = statistics.median(run.requests_per_s for run in runs)
    p99 = statistics.median(run.p99_ms for run in runs)
    failed = sum(run.failed for run in runs)
    ratio = statistics.median(run.requests_per_s / each for run, each in zip(runs, expected, strict=True))
    return [
        (
            f"each alone, by its share  {statistics.median(expected):7.0f}/s  (the first, a LightGBM,"
            f" {statistics.median(first):.0f}/s)"
        ),
        f"all, Zipf                 {speed:7.0f}/s  p99 {p99:.2f} ms  failed {failed}",
        f"all / each alone          {ratio:.0%}  (target 70 %)",
    ]


def _alone(address: str, artefact: Artefact, root: Path) -> float:
    requests = many.write_requests(many.zipf([artefact], 256), root / "alone.tsv")
    return load(address, None, requests, connections=CONNECTIONS, seconds=1).requests_per_s


def _memory(memory: Memory, count: int, held: int) -> list[str]:
    models, worker = memory.one_worker - memory.empty, memory.two_workers - memory.one_worker
    return [
        (
            f"PSS without models {memory.empty:.0f} MB; with {count}: {memory.one_worker:.0f} MB,"
            f" {models / count:.1f} MB a model (the store counts {held / count / 1e6:.1f} MB)"
        ),
        f"PSS of an added worker with all models {worker:.0f} MB, {worker / count:.1f} MB a model",
    ]


def _bounded(address: str, file: Path, artefacts: list[Artefact], seconds: int, share: float) -> list[str]:
    load(address, None, file, connections=CONNECTIONS, seconds=3)
    before = metrics(address)
    found = load(address, None, file, connections=CONNECTIONS, seconds=seconds)
    after = metrics(address)
    prober = Prober(address, artefacts)
    thread = threading.Thread(target=prober.run)
    thread.start()
    try:
        load(address, None, file, connections=CONNECTIONS, seconds=seconds)
    finally:
        prober.stop.set()
        thread.join()
    grown = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in after}
    requests = _sum(grown, "penstock_requests_total")
    cold = _sum(grown, "penstock_cold_requests_total")
    loads = _sum(grown, "penstock_model_loads_total")
    late = grown.get('penstock_cold_requests_total{outcome="late"}', 0.0)
    took = sorted(seconds for status, seconds in prober.took if status == 200)
    return [
        (
            f"bound at {share:.0%} of their total: {found.requests_per_s:.0f}/s, p50 {found.p50_ms:.2f} ms,"
            f" p99 {found.p99_ms:.1f} ms"
        ),
        (
            f"hits {1 - cold / requests:.1%}, {loads / seconds:.1f} loads/s, refused for now {late:.0f}"
            f" of {requests:.0f}, other failures {sum(s not in (200, 503) for s, _ in prober.took)}"
        ),
        (
            f"a cold model's first answer ({len(took)} probes): p50 {_at(took, 0.5):.0f} ms,"
            f" p99 {_at(took, 0.99):.0f} ms"
        ),
    ]


def _sum(found: dict[str, float], name: str) -> float:
    return sum(value for each, value in found.items() if each.split("{")[0] == name)


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] * 1000 if values else float("nan")


def metrics(address: str) -> dict[str, float]:
    """The gateway's metrics by name and labels."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def _ask(address: str, artefact: Artefact) -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        path = f"/models/{artefact.name}/invocations"
        connection.request("POST", path, artefact.bodies[0], {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def _sizes(root: Path, count: int) -> str:
    plans = [folder for folder in root.glob("artifacts/**/plan") if folder.is_dir()]
    sizes = sorted(sum(file.stat().st_size for file in plan.iterdir()) / 1e6 for plan in plans)
    return (
        f"{count} artefacts of three families, {sizes[0]:.1f}-{sizes[-1]:.1f} MB, {sum(sizes):.0f} MB in all"
    )
