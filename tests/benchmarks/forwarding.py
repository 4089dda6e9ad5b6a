"""What forwarding costs: the same model scored inside the gateway, and by one model server behind it."""

import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks import served_models
from tests.benchmarks.gateways import gateway
from tests.benchmarks.peers import running
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server

TARGET_MS = 0.6


def main(*, full: bool = False) -> str:
    """Measure both in turn: 7 rounds of 8 s with `full`, else 3 of 4 s."""
    rounds, seconds = (7, 8) if full else (3, 4)
    fitted = served_models.breast_cancer()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        served_models.register(server.uri, fitted)
        bodies = root / "bodies.jsonl"
        bodies.write_text("\n".join(served_models.bodies(fitted)) + "\n", encoding="utf-8")
        url = f"http://127.0.0.1:{pick_free_port()}"
        stack.enter_context(model_server(server.uri, url, root))
        gateways = {
            "inside": stack.enter_context(gateway(server.uri, root / "inside")),
            "forwarded": stack.enter_context(gateway(server.uri, root / "forwarded", upstreams=url)),
        }
        path = f"/models/{fitted.name}/invocations"
        for address in gateways.values():
            _until_it_answers(address + path, bodies.read_bytes().split(b"\n")[0])
        runs: dict[tuple[str, int], list[Load]] = {}
        for number in range(rounds):
            for connections in (1, 16):
                for way in sorted(gateways, reverse=bool(number % 2)):
                    found = load(gateways[way], path, bodies, connections=connections, seconds=seconds)
                    runs.setdefault((way, connections), []).append(found)
    return _table(runs)


@contextmanager
def model_server(uri: str, url: str, root: Path) -> Iterator[None]:
    """A model server at an address, with its own folder below `root`."""
    values = {"var_dir": root / "server", "tracking_uri": uri, "model_server_port": url.rsplit(":", 1)[1]}
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    command = [sys.executable, "-m", "serving.model_server"]
    with running(command, environ, root / "server.log", url + "/health"):
        yield


def _until_it_answers(url: str, body: bytes, timeout_s: float = 60.0) -> None:
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(asked, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {timeout_s:g} s")


def _table(runs: dict[tuple[str, int], list[Load]]) -> str:
    lines = ["way        connections  requests/s  p50 ms  p99 ms  failed"]
    for (way, connections), found in sorted(runs.items(), key=lambda item: (item[0][1], item[0][0])):
        rate, p50, p99 = (
            statistics.median(getattr(run, name) for run in found)
            for name in ("requests_per_s", "p50_ms", "p99_ms")
        )
        failed = sum(run.failed for run in found)
        lines.append(f"{way:<10} {connections:>11}  {rate:>10,.0f}  {p50:>6.3f}  {p99:>6.2f}  {failed:>6}")
    p50s = {way: statistics.median(run.p50_ms for run in runs[way, 1]) for way in ("inside", "forwarded")}
    more_ms = p50s["forwarded"] - p50s["inside"]
    lines.append(f"forwarding costs {more_ms:.3f} ms at p50 and 1 connection; the target is {TARGET_MS} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(main(full="--full" in sys.argv) + "\n")
