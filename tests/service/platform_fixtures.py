"""The platform as real processes on free ports: API, jobs and gateway over a real MLflow server.

A file's own fixture is a few lines:

    @pytest.fixture(scope="module")
    def platform(mlflow_server, tmp_path_factory):
        with run_platform(mlflow_server.uri, tmp_path_factory.mktemp("platform")) as running:
            yield running
"""

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penstock.desk import Desk
from serving.settings import load
from tests.conftest import kill_group, pick_free_port
from tests.service.gateway_fixtures import REPO, Answer, Gateway, read_answer, run_gateway

SLOWLY_S = 240.0
"""How long one answer may take where many share the machine."""


@dataclass
class Platform:
    port: int
    var_dir: Path
    uri: str
    """MLflow's."""
    environ: dict[str, str]
    api: "subprocess.Popen[bytes]"
    log: Path
    gateway: Gateway | None = None
    jobs: "subprocess.Popen[bytes] | None" = None
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every request, such as a person's credentials."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def desk(self) -> Desk:
        """A desk of the test's own, over the same tables and the same MLflow."""
        return Desk(load(self.environ))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float = SLOWLY_S,
    ) -> Answer:
        """Send one request; what is neither bytes nor None is sent as JSON."""
        sent = dict(self.headers)
        if body is not None and not isinstance(body, bytes):
            body, sent = json.dumps(body).encode(), sent | {"Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, sent | dict(headers or {}))
            return read_answer(connection)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call(
            "GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.call("POST", path, {} if body is None else body, named)

    def upload(
        self,
        file: Path | bytes,
        file_name: str = "",
        headers: Mapping[str, str] | None = None,
        **fields: str,
    ) -> Answer:
        """Send a file as a browser does."""
        content = file.read_bytes() if isinstance(file, Path) else file
        called = file_name or (file.name if isinstance(file, Path) else "table.csv")
        body, kind = multipart(content, called, fields)
        return self.call("POST", "/api/ml/datasets/upload", body, {"Content-Type": kind, **(headers or {})})

    def dataset(self, file: Path, **fields: str) -> str:
        """Upload a file, and give the id of the data set."""
        answer = self.upload(file, **fields)
        assert answer.status == 200, answer.body
        return str(answer.json()["dataset_id"])

    def wait_for_job(self, job_id: str, timeout_s: float = SLOWLY_S) -> Any:
        """The job's record when it is over."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            job = self.get(f"/api/ml/jobs/{job_id}").json()
            if job["status"] not in ("pending", "running"):
                return job
            time.sleep(0.2)
        raise TimeoutError(f"job {job_id} was not over in {timeout_s} s: {job}; {self.logs()}")

    def logged(self, text: str, timeout_s: float = SLOWLY_S) -> str:
        """The API's log, once it holds this text: a request's line is written behind its answer."""
        deadline = time.monotonic() + timeout_s
        while text not in (log := self.log.read_text()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} was not logged in {timeout_s} s; the log ends {log[-2000:]!r}")
            time.sleep(0.02)
        return log

    def logs(self) -> str:
        """What the processes said last."""
        files = sorted(self.var_dir.glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text()[-2000:]}" for file in files)


def multipart(content: bytes, name: str, fields: Mapping[str, str]) -> tuple[bytes, str]:
    """A form with a file, and its content type."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n'.encode()
        for key, text in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    parts.append(head.encode() + content + f"\r\n--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


@contextmanager
def run_platform(
    uri: str, var_dir: Path, *, with_jobs: bool = True, with_gateway: bool = False, **settings: object
) -> Iterator[Platform]:
    """Start the platform's processes, and end them.

    Args:
        uri: MLflow's address.
        var_dir: An empty folder for all that they leave.
        with_jobs: Whether jobs are worked off.
        with_gateway: Whether there is a gateway.
        settings: More settings, by name.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "var_dir": var_dir,
        "tracking_uri": uri,
        "api_port": pick_free_port(),
        "gateway_port": pick_free_port(),
        "gateway_poll_s": 0.25,
    } | settings
    port, gateway_port = int(values["api_port"]), int(values["gateway_port"])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    environ = os.environ | {"PATH": path} | given
    with ExitStack() as stack:
        gateway = None
        if with_gateway:
            gateway = stack.enter_context(run_gateway(uri, var_dir, gateway_port, **settings))
        jobs = stack.enter_context(_process("penstock.jobs", environ, var_dir)) if with_jobs else None
        api = stack.enter_context(_process("penstock.api", environ, var_dir))
        platform = Platform(port, var_dir, uri, environ, api, var_dir / "penstock.api.log", gateway, jobs)
        _wait_until_up(platform)
        yield platform


@contextmanager
def _process(module: str, environ: Mapping[str, str], var_dir: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with (var_dir / f"{module}.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=REPO,
            env=dict(environ),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        kill_group(process, 30)


def _wait_until_up(platform: Platform, timeout_s: float = 240.0) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if platform.api.poll() is not None:
            raise RuntimeError(f"the API ended with {platform.api.returncode}; {platform.logs()}")
        try:
            if platform.get("/health").status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise TimeoutError(f"the API did not answer in {timeout_s} s; {platform.logs()}")
