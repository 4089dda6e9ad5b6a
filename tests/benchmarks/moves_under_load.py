"""Promotions and rollbacks under load: what fails, how soon the new version is alone, what it costs.

Each cycle is a window of load at rest and one in which the version in Production changes. A prober asks on
new connections all the time, so that every worker is seen; the load itself is wrk's.
"""

import http.client
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mlflow import MlflowClient

from serving.lifecycle.moves import Lifecycle
from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import gateway
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server

WINDOW_S, MOVE_AFTER_S, PROBE_EVERY_S = 4, 0.5, 0.01


@dataclass
class Prober:
    """Asks which version answers, over a new connection each time."""

    address: str
    path: str
    body: str
    seen: list[tuple[float, str]] = field(default_factory=list)
    failed: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until told to stop."""
        while not self.stop.wait(PROBE_EVERY_S):
            connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=5)
            try:
                connection.request("POST", self.path, self.body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                self.failed += answer.status != 200
                self.seen.append((time.monotonic(), answer.headers["X-Penstock-Version"]))
            except OSError:
                self.failed += 1
            finally:
                connection.close()


def main(*, full: bool = False) -> str:
    """Move a version to and fro, 20 times with `full`, else 4 times."""
    cycles = 20 if full else 4
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted, stages=("Production", "Staging"))
        address = stack.enter_context(gateway(server.uri, root, gateway_workers=2))
        bodies = root / "bodies.jsonl"
        bodies.write_text("\n".join(models.bodies(fitted)), encoding="utf-8")
        lifecycle = Lifecycle(MlflowClient(server.uri), f"sqlite:///{root}/var/penstock.db", actor="bench")
        path = f"/models/{fitted.name}/invocations"
        prober = Prober(address, path, models.bodies(fitted, requests=1)[0])
        thread = threading.Thread(target=prober.run)
        thread.start()
        try:
            return _cycles(cycles, lifecycle, fitted.name, (address, path, bodies), prober)
        finally:
            prober.stop.set()
            thread.join()


def _cycles(
    cycles: int, lifecycle: Lifecycle, name: str, where: tuple[str, str, Path], prober: Prober
) -> str:
    rest, moved, took = [], [], []
    for cycle in range(cycles):
        rest.append(_window(where))
        with ThreadPoolExecutor(1) as pool:
            under_load = pool.submit(_window, where)
            time.sleep(MOVE_AFTER_S)
            if cycle % 2:
                lifecycle.rollback(name, reason="bench")
            else:
                lifecycle.promote(name, "2", reason="bench")
            at, wanted = time.monotonic(), "1" if cycle % 2 else "2"
            moved.append(under_load.result())
        late = [when - at for when, version in prober.seen if when > at and version != wanted]
        took.append(max(late, default=0.0))
    return _table(rest, moved, took, prober)


def _window(where: tuple[str, str, Path]) -> Load:
    address, path, bodies = where
    return load(address, path, bodies, connections=16, seconds=WINDOW_S)


def _table(rest: list[Load], moved: list[Load], took: list[float], prober: Prober) -> str:
    speeds = [run.requests_per_s for run in (*rest, *moved)]
    p99_rest = statistics.median(run.p99_ms for run in rest)
    p99_moved = [run.p99_ms for run in moved]
    middle = statistics.median(p99_moved)
    requests = sum(run.requests_per_s * WINDOW_S for run in (*rest, *moved))
    failed = sum(run.failed for run in (*rest, *moved)) + prober.failed
    return "\n".join(
        [
            f"{len(took)} moves of Production under load, two workers, 16 connections",
            f"requests      {requests + len(prober.seen):.0f} at {min(speeds):.0f}-{max(speeds):.0f}/s",
            f"failed        {failed}",
            f"followed      {statistics.median(took):.2f} s after the move, {max(took):.2f} s at most",
            f"p99 at rest   {p99_rest:.2f} ms",
            f"p99 in a move {middle:.2f} ms ({middle / p99_rest:.1f} times), {max(p99_moved):.2f} ms at most",
        ]
    )
