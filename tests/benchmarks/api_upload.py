"""What an upload takes: seconds and memory of the whole API process, beside FastAPI's own `UploadFile`.

Each takes the same bytes in turn, 1 GB with `full`, made as they are sent. FastAPI spools a file to the disk
and the endpoint copies it from there; the API writes each piece once, with its SHA-256.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.conftest import pick_free_port, run_mlflow_server, wait_for_http
from tests.service.platform_fixtures import REPO, run_platform

MOST_RSS = 200_000_000
LINE = b"1234567,7654321\n" * 65_536
BOUNDARY = "b0undary"


@dataclass(frozen=True)
class Taken:
    seconds: float
    most_bytes: int


def main(*, full: bool = False) -> str:
    """Send 1 GB three times with `full`, else 200 MB twice."""
    size, times = (1_000_000_000, 3) if full else (200_000_000, 2)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        platform = stack.enter_context(run_platform(server.uri, root / "var", with_jobs=False))
        peer = stack.enter_context(_peer(root))
        found: dict[str, list[Taken]] = {"Penstock": [], "UploadFile": []}
        _send(platform.port, "/api/ml/datasets/upload", 16, platform.api.pid)
        for _ in range(times):
            found["Penstock"].append(_send(platform.port, "/api/ml/datasets/upload", size, platform.api.pid))
            found["UploadFile"].append(_send(peer[0], "/upload", size, peer[1]))
    return _table(found, size)


@contextmanager
def _peer(root: Path) -> Iterator[tuple[int, int]]:
    port = pick_free_port()
    environ = os.environ | {"UPLOADS": str(root), "TMPDIR": str(root)}
    command = [sys.executable, "-m", "uvicorn", "--factory", "tests.benchmarks.spooled_app:create_app"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning"], cwd=REPO, env=environ
    )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/docs", process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _send(port: int, path: str, size_bytes: int, pid: int) -> Taken:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="b.csv"\r\n\r\na,b\n'.encode()
    )
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield head
        for at in range(0, size_bytes, len(LINE)):
            yield LINE[: size_bytes - at]
        yield tail

    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + size_bytes + len(tail)),
        "Prefer": "respond-async",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    with _watched(pid) as most:
        started = time.perf_counter()
        connection.request("POST", path, pieces(), headers)
        response = connection.getresponse()
        response.read()
        seconds = time.perf_counter() - started
    if response.status not in (200, 202):
        raise RuntimeError(f"{path} answered {response.status}")
    return Taken(seconds, most[0])


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """Watch the most memory that a process holds."""
    process, is_over, most = psutil.Process(pid), threading.Event(), [0]

    def watch() -> None:
        while not is_over.wait(0.02):
            most[0] = max(most[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        is_over.set()
        thread.join()


def _table(found: dict[str, list[Taken]], size_bytes: int) -> str:
    lines = [f"a file of {size_bytes / 1e6:,.0f} MB, {len(found['Penstock'])} times each in turn"]
    for name, taken in found.items():
        seconds = statistics.median(each.seconds for each in taken)
        most = max(each.most_bytes for each in taken)
        lines.append(
            f"{name:<11} {seconds:6.2f} s, {size_bytes / 1e6 / seconds:5.0f} MB/s, most {most / 1e6:.0f} MB"
        )
    ratio = statistics.median(
        peer.seconds / own.seconds for own, peer in zip(found["Penstock"], found["UploadFile"], strict=True)
    )
    most = max(each.most_bytes for each in found["Penstock"])
    lines.append(
        f"{ratio:.2f} times as fast; memory {most / 1e6:.0f} MB in all (target {MOST_RSS / 1e6:.0f} MB)"
    )
    return "\n".join(lines)
