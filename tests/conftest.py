"""What every test may use: a free port, and one real MLflow server for the session."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import mlflow
import psutil
import pytest
from hypothesis import HealthCheck, settings
from mlflow import MlflowClient

REPO = Path(__file__).parents[1]
SHARED_DATA = REPO.parent / "shared" / "data"

# No verdict hangs on the machine's speed or on a draw; `--hypothesis-profile=search` draws other examples.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("same")


@dataclass(frozen=True)
class MlflowServer:
    uri: str
    root: Path


# Below what the kernel deals out by itself, apart for each of xdist's workers, and unlike the last session's.
_PORTS = count(11_000 + 9_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) + os.getpid() % 4_000)


def pick_free_port() -> int:
    """A port that nobody listens on and that is given once: a server may take it long afterwards."""
    for port in _PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the count has no end")


def wait_for_http(url: str, process: subprocess.Popen[bytes], timeout_s: float = 180.0) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode} before {url} answered")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {timeout_s} s")


def stop_group(process: subprocess.Popen[bytes], timeout_s: float = 15.0) -> None:
    """End a process that was started with start_new_session, and what is left of its group then."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    kill_group(process, timeout_s)


def kill_group(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Give a process that ends some seconds, and kill what is left of its group then."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout_s)
    # Where it has ended and its number lives, that is another's by now, and of its group nobody is left.
    if process.poll() is None or not psutil.pid_exists(process.pid):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module", autouse=True)
def _mlflow_forgets_the_modules_server() -> Iterator[None]:
    """A module's MLflow server ends with it, and MLflow keeps addresses in the process and its variables."""
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
    before = {name: os.environ.get(name) for name in names}
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    return pick_free_port


@pytest.fixture(scope="session")
def _one_mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    root = tmp_path_factory.mktemp("mlflow")
    with run_mlflow_server(root, pick_free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow_server(_one_mlflow_server: MlflowServer) -> Iterator[MlflowServer]:
    """The session's MLflow server; a module's registered models leave with it."""
    yield _one_mlflow_server
    client = MlflowClient(_one_mlflow_server.uri)
    for model in client.search_registered_models(max_results=1000):
        client.delete_registered_model(model.name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED_DATA


class run_mlflow_server:  # noqa: N801 - read as a function: `with run_mlflow_server(...)`
    """A real MLflow server on SQLite, as the local stack starts it."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port

    def __enter__(self) -> MlflowServer:
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "1",
            # Where the machine is slow, uvicorn would end its worker again and again while it starts.
            "--uvicorn-opts=--timeout-worker-healthcheck 60",
            "--backend-store-uri",
            f"sqlite:///{self.root}/mlflow.db",
            "--serve-artifacts",
            "--artifacts-destination",
            str(self.root / "artifacts"),
        ]
        environ = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.root / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=environ,
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        uri = f"http://127.0.0.1:{self.port}"
        try:
            wait_for_http(f"{uri}/health", self.process)
        except BaseException:
            stop_group(self.process)
            raise
        return MlflowServer(uri, self.root)

    def __exit__(self, *_: object) -> None:
        stop_group(self.process)
