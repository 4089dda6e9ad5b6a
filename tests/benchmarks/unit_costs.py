"""What one more call, one more prediction on the log and one more model cost: the capacity model's inputs.

CPU time is the processes' own, so that it holds better than rates do where other work takes cores. Each model
is the same booster (30 columns, 200 trees) under a name of its own; what a model costs is the difference
between many and one.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
from mlflow import MlflowClient

from tests.benchmarks import served_models as models
from tests.benchmarks.forwarding import model_server
from tests.benchmarks.gateways import gateway
from tests.benchmarks.open_loop import wait_until_answering
from tests.benchmarks.wrk import load
from tests.conftest import REPO, pick_free_port, run_mlflow_server

CONNECTIONS, POLL_S = 16, 1.0
FULL, BRIEF = (100, 5, 8), (20, 3, 3)
"""Models, rounds, and seconds of each."""

UNLIKE, SETTLE_S, IDLE_S = 20_000, 6.0, 14.0


@dataclass(frozen=True)
class Idle:
    """What a gateway and its registry take while nobody calls, and what it tells Prometheus."""

    gateway_s: float
    registry_s: float
    resident_mb: float
    scrape_ms: float
    scrape_bytes: int


@dataclass(frozen=True)
class Row:
    """One line of the table; with a name it is an input of the capacity model."""

    what: str
    figure: str
    name: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Bench:
    """What all measurements share."""

    root: Path
    uri: str
    fitted: models.Fitted
    bodies: Path
    seconds: int
    rounds: int

    @property
    def path(self) -> str:
        return f"/models/{self.fitted.name}/invocations"

    @property
    def body(self) -> bytes:
        return self.bodies.read_bytes().split(b"\n")[0]


def main(*, full: bool = False) -> str:
    """100 models and 5 rounds of 8 s with `full`, else 20 models and 3 rounds of 3 s."""
    count, rounds, seconds = FULL if full else BRIEF
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted)
        bodies = root / "bodies.jsonl"
        bodies.write_text("\n".join(models.bodies(_unlike(fitted), requests=UNLIKE)), encoding="utf-8")
        bench = Bench(root, server.uri, fitted, bodies, seconds, rounds)
        rows = [*_calls(bench), *_forwarded(bench)]
        one = _idle(bench, [fitted.name], root / "one")
        names = [fitted.name, *_copies(server.uri, fitted.name, count - 1)]
        many = _idle(bench, names, root / "many")
    rows += _models(one, many, count)
    given = " ".join(f"{row.name}={row.value:.3g}" for row in rows if row.name)
    lines = [f"{row.what:<40}{row.figure}" for row in rows]
    return "\n".join([*lines, f"what follows for a load: python -m infra.scaling {given}"])


def _unlike(fitted: models.Fitted) -> models.Fitted:
    """The same with rows that hardly repeat a value: Parquet would store repeated ones once."""
    rng = np.random.default_rng(models.SEED)
    some = fitted.rows.iloc[rng.integers(0, len(fitted.rows), UNLIKE)].reset_index(drop=True)
    return replace(fitted, rows=(some * rng.normal(1.0, 0.05, some.shape)).round(4))


def _calls(bench: Bench) -> list[Row]:
    """A call's CPU time, and its bytes on the log."""
    var = bench.root / "calls" / "var"
    with gateway(bench.uri, bench.root / "calls", log_segment_s=3600) as address:
        wait_until_answering(address, bench.fitted.name, bench.body)
        load(address, bench.path, bench.bodies, connections=CONNECTIONS, seconds=1)
        spent, rates = _loaded(bench, address)
        log = var / "predictions"
        records = _figure(address, "penstock_log_records_total")
        raw = sum(path.stat().st_size for path in (log / "segments").glob("*.jsonl"))
    environ = os.environ | {"PENSTOCK_VAR_DIR": str(var)}
    command = [sys.executable, "-m", "serving.prediction_log", "seal"]
    subprocess.run(command, cwd=REPO, env=environ, check=True, capture_output=True)
    sealed = sum(path.stat().st_size for path in (log / "sealed").rglob("*.parquet"))
    call_us, raw_bytes, sealed_bytes = statistics.median(spent), raw / records, sealed / records
    return [
        Row("a call: CPU in the gateway", _spread(spent, "us"), "call_us", call_us),
        Row("calls a second of one core, by that", f"{1e6 / call_us:,.0f}"),
        Row("calls a second of one worker, seen", _spread(rates, "")),
        Row("a prediction on the log, raw", f"{raw_bytes:,.0f} bytes", "raw_bytes", raw_bytes),
        Row("... in Parquet", f"{sealed_bytes:,.0f} bytes", "parquet_bytes", sealed_bytes),
    ]


def _forwarded(bench: Bench) -> list[Row]:
    """The same call, scored by a model server behind the gateway."""
    url = f"http://127.0.0.1:{pick_free_port()}"
    with (
        model_server(bench.uri, url, bench.root),
        gateway(bench.uri, bench.root / "forwarding", upstreams=url) as address,
    ):
        wait_until_answering(address, bench.fitted.name, bench.body)
        load(address, bench.path, bench.bodies, connections=CONNECTIONS, seconds=1)
        before = _figure(url, "penstock_process_cpu_seconds_total")
        spent, rates = _loaded(bench, address)
        there_s = _figure(url, "penstock_process_cpu_seconds_total") - before
    there_us = there_s * 1e6 / sum(rate * bench.seconds for rate in rates)
    here_us = statistics.median(spent)
    return [
        Row("a forwarded call: CPU in the gateway", _spread(spent, "us"), "forwarded_us", here_us),
        Row("... in the model server", f"{there_us:,.0f} us", "answered_us", there_us),
        Row("forwarded calls a second, one of each", _spread(rates, "")),
    ]


def _loaded(bench: Bench, address: str) -> tuple[list[float], list[float]]:
    """CPU-microseconds of the gateway's processes a request, and requests a second, of each round."""
    spent, rates = list[float](), list[float]()
    for _ in range(bench.rounds):
        before = _figure(address, "penstock_process_cpu_seconds_total")
        found = load(address, bench.path, bench.bodies, connections=CONNECTIONS, seconds=bench.seconds)
        taken_s = _figure(address, "penstock_process_cpu_seconds_total") - before
        if found.failed:
            raise SystemExit(f"{found.failed} requests failed")
        spent.append(taken_s * 1e6 / (found.requests_per_s * bench.seconds))
        rates.append(found.requests_per_s)
    return spent, rates


def _copies(uri: str, name: str, count: int) -> list[str]:
    """Register the same version under more names."""
    client, names = MlflowClient(uri), list[str]()
    version = client.get_model_version(name, "1")
    for number in range(count):
        names.append(f"{name}_{number}")
        client.create_registered_model(names[-1])
        model_id = version.source.removeprefix("models:/")
        made = client.create_model_version(names[-1], version.source, tags=version.tags, model_id=model_id)
        client.transition_model_version_stage(names[-1], made.version, "Production")
    return names


def _idle(bench: Bench, names: Sequence[str], root: Path) -> Idle:
    """A gateway that has answered once for each model, while it only polls, and is scraped."""
    registry = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if f"sqlite:///{bench.root}/mlflow.db" in (process.info["cmdline"] or ())
    )
    with gateway(bench.uri, root, gateway_poll_s=POLL_S) as address:
        for name in names:
            wait_until_answering(address, name, bench.body, 120)
        time.sleep(SETTLE_S)
        before = _figure(address, "penstock_process_cpu_seconds_total"), _tree_s(registry)
        polls = _figure(address, "penstock_registry_polls_total")
        time.sleep(IDLE_S + 2.0 * bench.seconds)
        polls = _figure(address, "penstock_registry_polls_total") - polls
        registry_s = _tree_s(registry) - before[1]
        gateway_s = _figure(address, "penstock_process_cpu_seconds_total") - before[0]
        took, size = list[float](), 0
        for _ in range(10):
            started = time.perf_counter()
            size = len(_exposed(address))
            took.append((time.perf_counter() - started) * 1e3)
        resident = _figure(address, "penstock_process_resident_bytes") / 1e6
    return Idle(gateway_s / polls, registry_s / polls, resident, statistics.median(took), size)


def _models(one: Idle, many: Idle, count: int) -> list[Row]:
    def each(name: str, times: float = 1.0) -> float:
        return float((getattr(many, name) - getattr(one, name)) / (count - 1)) * times

    here_us, there_us = each("gateway_s", 1e6), each("registry_s", 1e6)
    one_mb, more_mb = one.resident_mb, each("resident_mb")
    more_bytes, more_ms = each("scrape_bytes"), each("scrape_ms")
    return [
        Row(f"with {count} models against one:", ""),
        Row("a poll's CPU a model, in the gateway", f"{here_us:,.0f} us", "poll_gateway_us", here_us),
        Row("... in MLflow", f"{there_us:,.0f} us", "poll_registry_us", there_us),
        Row("a loaded model, in a worker", f"{more_mb:.2f} MB", "model_mb", more_mb),
        Row("a gateway with one model", f"{one_mb:,.0f} MB", "gateway_mb", one_mb),
        Row("a scrape's bytes a model", f"{more_bytes:,.0f}", "scrape_bytes", more_bytes),
        Row("a scrape's time a model", f"{more_ms:.2f} ms", "scrape_ms", more_ms),
        Row("a scrape with one model", f"{one.scrape_bytes:,} bytes, {one.scrape_ms:.0f} ms"),
    ]


def _tree_s(process: psutil.Process) -> float:
    """The CPU time of a process and of all that it started."""
    return sum(
        times.user + times.system
        for times in (each.cpu_times() for each in (process, *process.children(recursive=True)))
    )


def _figure(address: str, name: str) -> float:
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in _exposed(address).decode().splitlines()
        if line.split("{")[0].split(" ")[0] == name
    )


def _exposed(address: str) -> bytes:
    with urllib.request.urlopen(f"{address}/metrics", timeout=30) as answer:
        return bytes(answer.read())


def _spread(values: Sequence[float], unit: str) -> str:
    return f"{statistics.median(values):,.0f} {unit} ({min(values):,.0f}-{max(values):,.0f})"
