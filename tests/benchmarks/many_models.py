"""Many models behind one gateway: throughput beside one model's, memory, and the cost of a bound on it.

Traffic is Zipf's: the model of rank k gets a share like 1 / k. The families' answers cost unlike, so that the
many are compared with one model of each family under the same mix, and with one model alone.
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
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server

REQUESTS, CONNECTIONS, BOUND_SHARE = 6000, 16, 0.4
ALL = 10**15


@dataclass
class Prober:
    """Asks cold models one after the other while the load runs, and notes how long each answer took."""

    address: str
    artefacts: list[Artefact]
    took: list[tuple[int, float]] = field(default_factory=list)
    retries: int = 0
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
            status, again = _ask(self.address, chosen)
            self.took.append((status, time.perf_counter() - started))
            self.retries += status == 503 and again is not None


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
        files = _files(artefacts, root)
        lines = [_sizes(root, count)]
        with timed_gateway(server.uri, root / "one", count) as (address, took_s, port):
            lines.append(f"first start: all {count} fetched, tried and loaded after {took_s:.1f} s")
            held = ready(address)["memory"]["held_bytes"]
            lines += _throughput(address, files, seconds)
            one_worker = pss_mb(port)
        with timed_gateway(server.uri, root / "one", count) as (address, took_s, port):
            lines.append(f"second start: all {count} loaded after {took_s:.1f} s")
        with timed_gateway(server.uri, root / "one", count, gateway_workers=2) as (address, _, port):
            two = pss_mb(port)
        with timed_gateway(server.uri, root / "one", 0, gateway_model_bytes=1) as (address, _, port):
            memory = Memory(pss_mb(port), one_worker, two)
        lines += _memory(memory, count, held)
        bound = int(held * BOUND_SHARE)
        with timed_gateway(server.uri, root / "one", 0, gateway_model_bytes=bound) as (address, _, _):
            lines += _bounded(address, files["all"], artefacts, 3 * seconds, bound / held)
    return "\n".join(lines)


@contextmanager
def timed_gateway(uri: str, root: Path, loaded: int, **settings: object) -> Iterator[tuple[str, float, int]]:
    """A gateway that has so many models loaded; yields its address, the seconds that took, and its port."""
    started = time.monotonic()
    with gateway(uri, root, **{"gateway_model_bytes": ALL} | settings) as address:
        while len(ready(address)["memory"]["loaded"]) < loaded:
            if time.monotonic() - started > 300:
                raise TimeoutError(f"the gateway has loaded {ready(address)}")
            time.sleep(0.1)
        yield address, time.monotonic() - started, int(urlsplit(address).port or 0)


def ready(address: str) -> Any:
    """The gateway's word on itself."""
    with urllib.request.urlopen(f"{address}/ready", timeout=10) as answer:
        return json.loads(answer.read())


def pss_mb(port: int) -> float:
    """The memory of the gateway's processes, what they share counted once, in MB."""
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


def _files(artefacts: list[Artefact], root: Path) -> dict[str, Path]:
    every = many.zipf(artefacts, REQUESTS)
    first = {artefact.family: artefact.name for artefact in reversed(artefacts)}
    family = {artefact.name: artefact.family for artefact in artefacts}
    three = [(f"/models/{first[family[path.split('/')[2]]]}/invocations", body) for path, body in every]
    alone = many.zipf(artefacts[:1], REQUESTS)
    loads = {"alone": alone, "three": three, "all": every}
    return {name: many.write_requests(requests, root / f"{name}.tsv") for name, requests in loads.items()}


def _throughput(address: str, files: dict[str, Path], seconds: int) -> list[str]:
    runs: dict[str, list[Load]] = {name: [] for name in files}
    for _ in range(3):
        for name, file in files.items():
            runs[name].append(load(address, None, file, connections=CONNECTIONS, seconds=seconds))
    speed = {name: statistics.median(run.requests_per_s for run in some) for name, some in runs.items()}
    p99 = {name: statistics.median(run.p99_ms for run in some) for name, some in runs.items()}
    failed = sum(run.failed for some in runs.values() for run in some)
    return [
        f"one LightGBM model alone      {speed['alone']:7.0f}/s  p99 {p99['alone']:6.2f} ms",
        f"one of each family, same mix  {speed['three']:7.0f}/s  p99 {p99['three']:6.2f} ms",
        f"all, Zipf                     {speed['all']:7.0f}/s  p99 {p99['all']:6.2f} ms",
        f"all / one of each             {speed['all'] / speed['three']:.0%}  (target 70 %)",
        f"all / one alone               {speed['all'] / speed['alone']:.0%}  failed {failed}",
    ]


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
    prober = Prober(address, artefacts)
    thread = threading.Thread(target=prober.run)
    thread.start()
    try:
        found = load(address, None, file, connections=CONNECTIONS, seconds=seconds)
    finally:
        prober.stop.set()
        thread.join()
    after = metrics(address)
    grown = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in after}
    requests = sum(value for name, value in grown.items() if name.startswith("penstock_requests_total"))
    cold = sum(value for name, value in grown.items() if name.startswith("penstock_cold_requests_total"))
    loads = sum(value for name, value in grown.items() if name.startswith("penstock_model_loads_total"))
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


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] * 1000 if values else float("nan")


def metrics(address: str) -> dict[str, float]:
    """The gateway's metrics by name and labels."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def _ask(address: str, artefact: Artefact) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        path = f"/models/{artefact.name}/invocations"
        connection.request("POST", path, artefact.bodies[0], {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers["Retry-After"]
    finally:
        connection.close()


def _sizes(root: Path, count: int) -> str:
    plans = [folder for folder in root.glob("artifacts/**/plan") if folder.is_dir()]
    sizes = sorted(sum(file.stat().st_size for file in plan.iterdir()) / 1e6 for plan in plans)
    return (
        f"{count} artefacts of three families, {sizes[0]:.1f}-{sizes[-1]:.1f} MB, {sum(sizes):.0f} MB in all"
    )
