"""Other model servers, each in an environment of its own, with the same booster and one worker.

The environments are made once under `var/benchmarks/envs`; what a peer cannot be installed with is said.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO, pick_free_port, stop_group, wait_for_http

ENVIRONMENTS = REPO / "var" / "benchmarks" / "envs"
UV = Path(sys.executable).with_name("uv")
PACKAGES = {
    "mlserver": ("mlserver==1.7.1", "mlserver-lightgbm==1.7.1"),
    "bentoml": ("bentoml>=1.4", "lightgbm", "scikit-learn"),
}
BENTO_SERVICE = """
import os

import bentoml
import lightgbm
import numpy as np


@bentoml.service(workers=1, traffic={"timeout": 10})
class Bench:
    def __init__(self) -> None:
        self.booster = lightgbm.Booster(model_file=os.environ["BENCH_MODEL"], params={"num_threads": 1})

    @bentoml.api
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.booster.predict(rows)
"""


@dataclass(frozen=True)
class Target:
    """A server under load: where it is asked, and the file of its bodies."""

    name: str
    url: str
    path: str
    bodies: Path


def environment(name: str) -> Path | None:
    """The Python of a peer's environment, made if it is not there; None if it cannot be."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([UV, "venv", "-q", "-p", sys.executable, folder], capture_output=True, check=False)
    install = [UV, "pip", "install", "-q", "-p", python, *PACKAGES[name]]
    done = (
        subprocess.run(install, capture_output=True, text=True, check=False) if not made.returncode else made
    )
    if done.returncode:
        sys.stderr.write(f"{name} cannot be installed: {str(done.stderr)[-300:]}\n")
        return None
    (folder / "complete").touch()
    return python


def version(python: Path, package: str) -> str:
    """The version of a package in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def running(
    command: list[str], environ: dict[str, str], log: Path, ready: str, *, cwd: Path = REPO
) -> Iterator[None]:
    """A server that has answered at `ready`, until the end of the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env=environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_for_http(ready, process)
        yield
    finally:
        stop_group(process)


@contextmanager
def mlflow_serve(uri: str, model: str, root: Path, bodies: Path) -> Iterator[Target]:
    """`mlflow models serve` of the model's first version."""
    port = pick_free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", f"models:/{model}/1"]
    command += ["--env-manager", "local", "--port", str(port), "--workers", "1"]
    environ = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": uri,
    }
    with running(command, environ, root / f"mlflow-{model}.log", url + "/ping"):
        yield Target("mlflow models serve", url, "/invocations", bodies)


@contextmanager
def mlserver(booster: Path, rows: list[list[float]], root: Path) -> Iterator[Target | None]:
    """MLServer with its LightGBM runtime, scoring in its one process."""
    python = environment("mlserver")
    if python is None:
        yield None
        return
    folder, port = root / "mlserver", pick_free_port()
    (folder / "bench").mkdir(parents=True)
    settings = {"http_port": port, "grpc_port": pick_free_port(), "metrics_port": pick_free_port()}
    settings |= {"parallel_workers": 0, "debug": False, "host": "127.0.0.1"}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "bench" / "model.bst").write_bytes(booster.read_bytes())
    model = {"name": "bench", "implementation": "mlserver_lightgbm.LightGBMModel"}
    model |= {"parameters": {"uri": "./model.bst", "version": "1"}}
    (folder / "bench" / "model-settings.json").write_text(json.dumps(model))
    bodies = root / "mlserver.jsonl"
    bodies.write_text("\n".join(_tensor(row) for row in rows))
    url = f"http://127.0.0.1:{port}"
    command = [str(python.with_name("mlserver")), "start", str(folder)]
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    with running(command, environ, root / "mlserver.log", url + "/v2/models/bench/ready"):
        yield Target(f"MLServer {version(python, 'mlserver')}", url, "/v2/models/bench/infer", bodies)


@contextmanager
def bentoml(booster: Path, rows: list[list[float]], root: Path) -> Iterator[Target | None]:
    """BentoML with one worker."""
    python = environment("bentoml")
    if python is None:
        yield None
        return
    folder, port = root / "bentoml", pick_free_port()
    folder.mkdir()
    (folder / "service.py").write_text(BENTO_SERVICE)
    bodies = root / "bentoml.jsonl"
    bodies.write_text("\n".join(json.dumps({"rows": [row]}) for row in rows))
    url = f"http://127.0.0.1:{port}"
    command = [str(python.with_name("bentoml")), "serve", "service:Bench", "--port", str(port)]
    command += ["--host", "127.0.0.1"]
    environ = os.environ | {
        "BENCH_MODEL": str(booster),
        "BENTOML_HOME": str(root / "bentoml_home"),
        "BENTOML_DO_NOT_TRACK": "True",
        "OMP_NUM_THREADS": "1",
    }
    with running(command, environ, root / "bentoml.log", url + "/readyz", cwd=folder):
        yield Target(f"BentoML {version(python, 'bentoml')}", url, "/predict", bodies)


@contextmanager
def bare_app(plan: Path, root: Path, bodies: Path) -> Iterator[Target]:
    """An ASGI application of a few lines that parses and calls the same scorer: what HTTP alone costs."""
    port = pick_free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "tests.benchmarks.bare_app:app", "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log", "--loop", "uvloop", "--http", "httptools"]
    environ = os.environ | {"BENCH_PLAN": str(plan)}
    with running(command, environ, root / "bare.log", url + "/"):
        yield Target("bare uvicorn app, same scorer", url, "/", bodies)


def _tensor(row: list[float]) -> str:
    tensor = {"name": "rows", "shape": [1, len(row)], "datatype": "FP64", "data": row}
    return json.dumps({"inputs": [tensor]})
