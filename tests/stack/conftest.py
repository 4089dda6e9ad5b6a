"""One running house for the tests of the whole: MLflow, two trained versions, a gateway with two workers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.conftest import REPO, MlflowServer, pick_free_port
from tests.service.gateway_fixtures import Gateway, run_gateway

NAME = "whole"


@dataclass(frozen=True)
class House:
    environ: dict[str, str]
    client: MlflowClient
    mlflow_url: str
    gateway: Gateway

    @property
    def var(self) -> Path:
        return self.gateway.var_dir

    def run(self, *command: str, timeout_s: float = 600) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=REPO,
            env=self.environ,
            text=True,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )

    def mlflow_run(self, entry_point: str, **parameters: str) -> "subprocess.CompletedProcess[str]":
        options = [part for key, value in parameters.items() for part in ("-P", f"{key}={value}")]
        return self.run("mlflow", "run", ".", "--env-manager", "local", "-e", entry_point, *options)


@pytest.fixture(scope="module")
def house(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var, port = tmp_path_factory.mktemp("var"), pick_free_port()
    environ = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": mlflow_server.uri,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "PENSTOCK_VAR_DIR": str(var),
    }
    with run_gateway(mlflow_server.uri, var, port, gateway_workers=2, gateway_poll_s=1.0) as gateway:
        yield House(environ, MlflowClient(mlflow_server.uri), mlflow_server.uri, gateway)


@pytest.fixture(scope="module")
def trained(house: House) -> House:
    """Two versions by `mlflow run`, the first in Production by the entry point `promote`."""
    for candidates in ("lightgbm", "logistic"):
        done = house.mlflow_run(
            "main",
            data="sklearn:breast_cancer",
            target="target",
            name=NAME,
            candidates=candidates,
            tune_seconds="2",
            gate="AUC > 0.85",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if candidates == "lightgbm":
            done = house.mlflow_run("promote", name=NAME, version="1")
            assert done.returncode == 0, done.stdout + done.stderr
    house.gateway.wait_until(lambda: house.gateway.call("GET", f"/models/{NAME}").status == 200)
    return house
