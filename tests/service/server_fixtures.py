"""Model servers in processes of their own: Penstock's, and MLflow's."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import stop_group
from tests.service.gateway_fixtures import REPO


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def run_model_server(uri: str, var_dir: Path, port: int, **settings: object) -> Iterator[Server]:
    values = {"var_dir": var_dir, "tracking_uri": uri, "model_server_port": port} | settings
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    command = [sys.executable, "-m", "serving.model_server"]
    with _running(command, environ, port, var_dir / f"model-server-{port}.log") as server:
        yield server


@contextmanager
def run_mlflow_serve(uri: str, model: str, port: int, folder: Path) -> Iterator[Server]:
    """`mlflow models serve` for a model's URI."""
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", model, "--port", str(port)]
    # MLflow looks for uvicorn on the path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = os.environ | {"MLFLOW_TRACKING_URI": uri, "PATH": path}
    with _running([*command, "--env-manager", "local"], environ, port, folder / "serve.log") as server:
        yield server


@contextmanager
def _running(command: list[str], environ: dict[str, str], port: int, log: Path) -> Iterator[Server]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=REPO, env=environ, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(port, process, log)
    try:
        _wait(server)
        yield server
    finally:
        stop_group(process)


def _wait(server: Server, timeout_s: float = 180.0) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{server.url} did not answer; its log says: {server.log.read_text()[-2000:]}")
