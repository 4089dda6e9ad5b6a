"""A real gateway in processes of its own, and clients that load it through keep-alive connections."""

import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Self

from tests.conftest import kill_group

REPO = Path(__file__).parents[2]
ROW = {"length": 1.5, "width": -0.25}
BODY = json.dumps({"dataframe_records": [ROW]}).encode()
LATE = b"s behind; try again in a second"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    port: int
    var_dir: Path
    process: subprocess.Popen[bytes]
    log: Path
    certificate: str = ""
    """Whom to trust, where it speaks HTTPS."""

    def connect(self) -> http.client.HTTPConnection:
        if not self.certificate:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        context = ssl.create_default_context(cafile=self.certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=180, context=context)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            return read_answer(connection)
        finally:
            connection.close()

    def predict(self, name: str, body: bytes = BODY, **headers: str) -> Answer:
        sent = JSON | {key.replace("_", "-"): value for key, value in headers.items()}
        answer = self.call("POST", f"/models/{name}/invocations", body, sent)
        while answer.status == 429 and LATE in answer.body:  # as it says, where the machine is busy
            time.sleep(1)
            answer = self.call("POST", f"/models/{name}/invocations", body, sent)
        return answer

    def ready(self) -> dict[str, Any]:
        return self.call("GET", "/ready").json()

    def metric(self, name: str, **labels: str) -> float:
        text = self.call("GET", "/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in wanted))

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def wait_for(self, *names: str) -> None:
        """Until every worker answers for these models."""
        for name in names:
            self.wait_for_all(lambda name=name: self.predict(name).status == 200)

    def wait_for_all(self, condition: Callable[[], object]) -> None:
        """Until it is so whichever worker answers, as far as a row of answers over a second shows it.

        Each worker follows the registry by itself, and the machine deals connections out as it likes.
        """
        pause_s = 0.03 if len(self.workers()) > 1 else 0.0
        self.wait_until(lambda: all((time.sleep(pause_s), condition())[1] for _ in range(30)))

    def wait_until(self, condition: Any, timeout_s: float = 180.0) -> float:
        started = time.monotonic()
        while time.monotonic() - started < timeout_s:
            try:
                if condition():
                    return time.monotonic() - started
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise TimeoutError(f"{condition} did not come true; the log says: {self.log.read_text()[-2000:]}")


def read_answer(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    headers = {key.lower(): value for key, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


@contextmanager
def run_gateway(uri: str, var_dir: Path, port: int, **settings: object) -> Iterator[Gateway]:
    var_dir.mkdir(parents=True, exist_ok=True)
    values = {
        "var_dir": var_dir,
        "tracking_uri": uri,
        "gateway_port": port,
        "gateway_poll_s": 0.25,
    } | settings
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    log = var_dir / "gateway.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=REPO,
            env=environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    gateway = Gateway(port, var_dir, process, log, str(settings.get("tls_cert_file", "")))
    try:
        gateway.wait_until(
            lambda: process.poll() is not None or gateway.call("GET", "/health").status == 200, 180
        )
        yield gateway
    finally:
        process.terminate()
        kill_group(process, 60)


@dataclass
class Load:
    """Clients that each send one request after the other over a connection that they keep."""

    gateway: Gateway
    model: str
    clients: int = 4
    pause_s: float = 0.0
    bodies: Sequence[bytes] = (BODY,)
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    answers: list[tuple[float, str, str]] = field(default_factory=list)
    """When each came (monotonic), the version that answered, and the prediction's id."""
    failures: list[str] = field(default_factory=list)
    told_to_wait: list[float] = field(default_factory=list)
    """The seconds after which a busy gateway (429) bade a client come again, who did."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._run) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int, timeout_s: float = 180.0) -> None:
        deadline = time.monotonic() + timeout_s
        while len(self.answers) + len(self.failures) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.answers)} of {count} answers came in {timeout_s:g} s")
            time.sleep(0.02)

    def versions(self) -> Sequence[str]:
        return [version for _, version, _ in self.answers]

    def _run(self) -> None:
        path = f"/models/{self.model}/invocations"
        connection = self.gateway.connect()
        bodies = cycle(self.bodies)
        while not self._stop.is_set():
            try:
                connection.request("POST", path, next(bodies), dict(self.headers))
                answer = read_answer(connection)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if answer.status == 200:
                headers = answer.headers
                found = (time.monotonic(), headers["x-penstock-version"], headers["x-prediction-id"])
                self.answers.append(found)
            elif answer.status == 429:
                self.told_to_wait.append(float(answer.headers["retry-after"]))
                self._stop.wait(self.told_to_wait[-1])
            else:
                self.failures.append(f"{answer.status} {answer.body[:200]!r}")
            if self.pause_s:
                time.sleep(self.pause_s)
        connection.close()
