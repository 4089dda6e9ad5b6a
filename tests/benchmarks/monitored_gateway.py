"""What monitoring costs the gateway: one gateway, loaded while the monitor works and while it does not.

The monitor checks every 5 s (by default it does so once a minute) and judges each closed window of a minute.
Between its turns it is stopped by a signal, so both sides of a pair have the same log and memory.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import gateway
from tests.benchmarks.open_loop import wait_until_answering
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server, stop_group, wait_for_http

CONNECTIONS, TARGET = 16, 0.93
INTERVAL_S, WINDOW_S = 5, 60


def main(*, full: bool = False) -> str:
    """Compare in 15 pairs of runs of 15 s with `full`, else in 7 of 10 s."""
    pairs, seconds = (15, 15) if full else (7, 10)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted)
        requests = models.bodies(fitted)
        bodies = root / "bodies.jsonl"
        bodies.write_text("\n".join(requests), encoding="utf-8")
        address = stack.enter_context(gateway(server.uri, root))
        wait_until_answering(address, fitted.name, requests[0].encode())
        path = f"/models/{fitted.name}/invocations"
        load(address, path, bodies, connections=CONNECTIONS, seconds=3)  # warm, and something to check
        monitor = stack.enter_context(_monitor(server.uri, root))
        found: dict[str, list[Load]] = {"with": [], "without": []}
        for pair in range(pairs):
            for word in ("with", "without") if pair % 2 else ("without", "with"):
                os.killpg(monitor.pid, signal.SIGCONT if word == "with" else signal.SIGSTOP)
                found[word].append(load(address, path, bodies, connections=CONNECTIONS, seconds=seconds))
        os.killpg(monitor.pid, signal.SIGCONT)
        return _table(found, seconds)


@contextmanager
def _monitor(uri: str, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A monitor that has checked once."""
    port = pick_free_port()
    values = {
        "var_dir": root / "var",
        "tracking_uri": uri,
        "monitor_port": port,
        "monitor_interval_s": INTERVAL_S,
        "monitor_window_s": WINDOW_S,
    }
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    with (root / "monitor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitoring", "loop"],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/health", process)
        time.sleep(3 * INTERVAL_S)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        stop_group(process)


def _table(found: dict[str, list[Load]], seconds: int) -> str:
    ratios = [
        watched.requests_per_s / alone.requests_per_s
        for watched, alone in zip(found["with"], found["without"], strict=True)
    ]
    middle, spread = statistics.median(ratios), f"{min(ratios):.0%}-{max(ratios):.0%}"
    title = f"{len(ratios)} pairs of runs of {seconds} s, one row a request, {CONNECTIONS} connections"
    return "\n".join(
        [
            f"{title}, a check every {INTERVAL_S} s",
            *(f"{word:<8}{_line(runs)}" for word, runs in found.items()),
            f"with the monitor {middle:.1%} of the throughput without it ({spread}; target {TARGET:.0%})",
        ]
    )


def _line(runs: Sequence[Load]) -> str:
    speed, p99 = (
        statistics.median(getattr(run, name) for run in runs) for name in ("requests_per_s", "p99_ms")
    )
    return f"{speed:8.0f} requests/s, p99 {p99:.2f} ms, failed {sum(run.failed for run in runs)}"
