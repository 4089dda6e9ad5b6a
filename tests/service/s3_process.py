"""A real S3 server in a process of its own, behind a line that can be cut in the middle of an answer."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO, pick_free_port, stop_group, wait_for_http

KEY, SECRET = "AKIAPENSTOCK", "its-own-secret"
IDENTITIES = {
    "identities": [
        {
            "name": "penstock",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin"],
        }
    ]
}


class Line:
    """A way to a server; once cut, what is under way ends in the middle, and its port is closed."""

    def __init__(self, server_port: int) -> None:
        self.port, self._server = pick_free_port(), server_port
        self._lock, self._open = threading.Lock(), set[socket.socket]()
        self._left: float = float("inf")
        self._away_s = 0.0
        self.cuts, self.is_cut, self._has_ended = 0, False, False
        self.mend()

    def mend(self) -> None:
        """Take connections, from now on without an end."""
        if self._has_ended:
            return
        self._left, self.is_cut = float("inf"), False
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut_after(self, size_bytes: int, away_s: float = 0.0) -> None:
        """Be cut after so many more bytes, for some seconds; without them until it is mended."""
        self._left, self._away_s = size_bytes, away_s

    def cut(self) -> None:
        """End what is under way, and close the port."""
        with self._lock:
            self.cuts, self.is_cut = self.cuts + 1, True
            ending, self._open = self._open, set()
            for each in (self._listening, *ending):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        if self._away_s:
            threading.Timer(self._away_s, self.mend).start()

    def end(self) -> None:
        """Cut it for good."""
        self._has_ended, self._away_s = True, 0.0
        self.cut()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._server))
                with self._lock:
                    self._open |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(4096):
                if not self._may_pass(len(block)):
                    self.cut()
                    return
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)

    def _may_pass(self, size: int) -> bool:
        with self._lock:
            before, self._left = self._left, self._left - size
            return not before >= 0 > self._left


@dataclass(frozen=True)
class Store:
    """An S3 server with one identity.

    Attributes:
        line: What leads to it.
        log: What it wrote of each request.
    """

    line: Line
    log: Path

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which boto3 finds it and signs in."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.line.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }


@contextmanager
def running_s3(folder: Path) -> Iterator[Store]:
    """Start a server that refuses wrong secrets; it ends with this."""
    identities, log, port = folder / "identities.json", folder / "s3.log", pick_free_port()
    identities.write_text(json.dumps(IDENTITIES))
    words = [f"-s3.port={port}", "-s3.ip.bind=127.0.0.1", f"-s3.config={identities}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(REPO / "tests/stack/s3_server.py"), "server", *words],
            cwd=REPO, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for_http(f"http://127.0.0.1:{port}/healthz", process)
        line = Line(port)
        try:
            yield Store(line, log)
        finally:
            line.end()
    finally:
        stop_group(process)
