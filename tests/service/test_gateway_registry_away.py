"""The gateway without its registry: it goes on, it starts again, and says what it cannot know."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.conftest import run_mlflow_server
from tests.service.gateway_fixtures import REPO, Gateway, run_gateway
from tests.service.gateway_models import register


def start(**settings: object) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in settings.items()}
    command = [sys.executable, "-m", "serving"]
    return subprocess.run(
        command, cwd=REPO, env=environ, capture_output=True, text=True, timeout=180, check=False
    )


def failed_polls(gateway: Gateway) -> float:
    return gateway.metric("penstock_registry_poll_failures_total")


def test_it_goes_on_and_starts_again_while_the_registry_is_away(free_port: Any, tmp_path: Path) -> None:
    root, var_dir = tmp_path / "mlflow", tmp_path / "var"
    root.mkdir()
    with run_mlflow_server(root, free_port()) as server:
        register(server.uri, "away", label="yes")
        MlflowClient(server.uri).transition_model_version_stage("away", "1", "Production")
        running = run_gateway(server.uri, var_dir, free_port())
        gateway = running.__enter__()
        gateway.wait_for("away")
    try:
        gateway.wait_until(lambda: failed_polls(gateway) > 0)
        assert gateway.predict("away").json() == {"predictions": ["yes"]}
    finally:
        running.__exit__(None, None, None)
    with run_gateway(server.uri, var_dir, free_port()) as again:
        assert again.predict("away").json() == {"predictions": ["yes"]}
        assert again.call("GET", "/ready").status == 200


@pytest.fixture(scope="module")
def lonely(free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    """A gateway that has never seen a registry."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    with run_gateway(nowhere, tmp_path_factory.mktemp("lonely"), free_port()) as running:
        yield running


def test_without_a_registry_it_is_healthy_and_not_ready(lonely: Gateway) -> None:
    assert lonely.call("GET", "/health").status == 200
    answer = lonely.call("GET", "/ready")
    assert answer.status == 503
    assert answer.json()["problems"] == ["the registry has not been read yet"]


def test_it_leaves_when_it_is_terminated(lonely: Gateway) -> None:
    lonely.process.terminate()
    assert lonely.process.wait(120) == 0


def test_beyond_loopback_it_refuses_to_listen(tmp_path: Path) -> None:
    done = start(host="0.0.0.0", var_dir=tmp_path)
    assert done.returncode == 2
    assert "'host' must be a loopback address such as 127.0.0.1, not '0.0.0.0'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_tracking_uri_that_is_no_server_is_refused(tmp_path: Path) -> None:
    done = start(tracking_uri="sqlite:///mlflow.db", var_dir=tmp_path)
    assert done.returncode == 2
    assert "'tracking_uri' must be an MLflow server's http or https address" in done.stderr


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = start(gateway_port=port, var_dir=tmp_path)
    assert done.returncode == 1
    why = f"port {port} of 127.0.0.1 cannot be used (Address already in use)"
    assert done.stderr == f"gateway: {why}; set PENSTOCK_GATEWAY_PORT\n"
