"""The gateway beside `mlflow models serve`: one model, the same rows, one worker each, in turn in one run.

The gateway has its prediction log, metrics and a 90/10 route on, as `make run` has them.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient

from tests.benchmarks.wrk import Load, load
from tests.conftest import REPO, pick_free_port, run_mlflow_server, stop_group, wait_for_http

NAME = "bench_breast_cancer"
ROUNDS, SECONDS, CONNECTIONS = 3, 4, (1, 16)
ROUTE = {
    "variants": {
        "champion": {"stage": "Production", "weight": 90},
        "challenger": {"stage": "Staging", "weight": 10},
    },
    "salt": "bench",
}


def main(*, full: bool = False) -> str:
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        environ = environment(root, server.uri)
        register(environ, server.uri)
        bodies = write_bodies(root / "bodies.jsonl", server.uri)
        gateway = stack.enter_context(
            running(
                [sys.executable, "-m", "serving"],
                environ,
                root / "gateway.log",
                f"http://127.0.0.1:{environ['PENSTOCK_GATEWAY_PORT']}",
                "/ready",
            )
        )
        port = pick_free_port()
        peer = stack.enter_context(
            running(
                [
                    sys.executable,
                    "-m",
                    "mlflow",
                    "models",
                    "serve",
                    "-m",
                    f"models:/{NAME}/1",
                    "--env-manager",
                    "local",
                    "--port",
                    str(port),
                    "--workers",
                    "1",
                ],
                environ,
                root / "peer.log",
                f"http://127.0.0.1:{port}",
                "/ping",
            )
        )
        targets = {
            "mlflow models serve": (peer, "/invocations"),
            "penstock": (gateway, f"/models/{NAME}/invocations"),
        }
        return table(measure(targets, bodies))


def environment(root: Path, uri: str) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": uri,
        "PENSTOCK_VAR_DIR": str(root / "var"),
        "PENSTOCK_GATEWAY_PORT": str(pick_free_port()),
    }


def register(environ: dict[str, str], uri: str) -> None:
    """Train a LightGBM twice on scikit-learn's breast-cancer table: champion and challenger."""
    for stage in ("Production", "Staging"):
        command = [sys.executable, "-m", "projects.train", "--data", "sklearn:breast_cancer"]
        options = ["--target", "target", "--name", NAME, "--candidates", "lightgbm"]
        options += ["--tune-seconds", "0", "--stage", stage]
        subprocess.run([*command, *options], cwd=REPO, env=environ, check=True, stdout=subprocess.DEVNULL)
    MlflowClient(uri).set_registered_model_tag(NAME, "penstock.route", json.dumps(ROUTE))


def write_bodies(path: Path, uri: str) -> Path:
    mlflow.set_tracking_uri(uri)
    reference = pd.read_parquet(mlflow.artifacts.download_artifacts(f"models:/{NAME}/1/reference.parquet"))
    rows = reference.drop(columns=["prediction", "label"]).to_dict("records")
    path.write_text("\n".join(json.dumps({"dataframe_records": [row]}) for row in rows), encoding="utf-8")
    return path


@contextmanager
def running(command: list[str], environ: dict[str, str], log: Path, url: str, ready: str) -> Iterator[str]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=REPO, env=environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_for_http(url + ready, process)
        yield url
    finally:
        stop_group(process)


def measure(targets: dict[str, tuple[str, str]], bodies: Path) -> dict[tuple[str, int], list[Load]]:
    found: dict[tuple[str, int], list[Load]] = {}
    for url, path in targets.values():
        load(url, path, bodies, connections=1, seconds=2)  # warm
    for _ in range(ROUNDS):
        for connections in CONNECTIONS:
            for name, (url, path) in targets.items():
                one = load(url, path, bodies, connections=connections, seconds=SECONDS)
                found.setdefault((name, connections), []).append(one)
    return found


def table(found: dict[tuple[str, int], list[Load]]) -> str:
    lines = [
        f"One row a request, one worker, medians of {ROUNDS} rounds of {SECONDS} s",
        f"{'':<22}{'connections':>12}{'requests/s':>12}{'spread':>18}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}",
    ]
    for (name, connections), runs in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        speeds = [run.requests_per_s for run in runs]
        lines.append(
            f"{name:<22}{connections:>12}{statistics.median(speeds):>12.0f}"
            f"{f'{min(speeds):.0f}-{max(speeds):.0f}':>18}"
            f"{statistics.median(run.p50_ms for run in runs):>9.2f}"
            f"{statistics.median(run.p99_ms for run in runs):>9.2f}{sum(run.failed for run in runs):>8}"
        )
    for connections in CONNECTIONS:
        ours, theirs = (
            statistics.median(run.requests_per_s for run in found[name, connections])
            for name in ("penstock", "mlflow models serve")
        )
        lines.append(f"ratio at {connections} connections: {ours / theirs:.1f} times")
    return "\n".join(lines)
