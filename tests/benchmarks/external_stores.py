"""What PostgreSQL instead of SQLite and S3 instead of disk cost the gateway: two gateways, loaded in turn.

Here: MLflow and Penstock's own tables in SQLite, artefacts and log on disk. There: both in PostgreSQL, the
artefacts in a bucket, and the log copied to it as it is sealed, every two seconds. Callers have keys, which
the gateways keep in their databases. One row a request over 16 connections, one worker each. A pair of runs
gives one ratio, and which side goes first changes from pair to pair.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import gateway
from tests.benchmarks.peers import running
from tests.benchmarks.wrk import Load, load
from tests.conftest import REPO, pick_free_port, run_mlflow_server
from tests.service.postgres_server import run_postgres

PAIRS, CONNECTIONS, SEAL_S, TARGET = 7, 16, 2.0, 0.93
BUCKET = "penstock"


@dataclass(frozen=True)
class Side:
    """A gateway over its stores."""

    word: str
    address: str
    key: str

    def load(self, path: str, bodies: Path, seconds: int) -> Load:
        return load(self.address, path, bodies, connections=CONNECTIONS, seconds=seconds, key=self.key)


def main(*, full: bool = False) -> str:
    """Compare in 7 pairs of runs: of 10 s with `full`, else of 3 s."""
    seconds = 10 if full else 3
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        fitted = models.breast_cancer()
        requests = models.bodies(fitted)
        bodies = root / "bodies.jsonl"
        bodies.write_text("\n".join(requests), encoding="utf-8")
        server = stack.enter_context(run_mlflow_server(_made(root / "here"), pick_free_port()))
        s3 = stack.enter_context(_s3(root))
        postgres = stack.enter_context(run_postgres(root / "postgres", pick_free_port()))
        uri = stack.enter_context(_mlflow(postgres.make_database("mlflow"), _made(root / "there"), s3))
        there = {"database_url": postgres.make_database("penstock"), "log_s3_uri": f"s3://{BUCKET}/log"}
        sides = []
        for word, store, more, environ in (("here", server.uri, {}, {}), ("there", uri, there, s3)):
            models.register(store, fitted)
            sides.append(stack.enter_context(_side(word, store, root / word, more, environ)))
        path = f"/models/{fitted.name}/invocations"
        for side in sides:
            _until_it_answers(side, path, requests[0].encode())
            side.load(path, bodies, 2)  # warm
        found: dict[str, list[Load]] = {side.word: [] for side in sides}
        for pair in range(PAIRS):
            for side in sides if pair % 2 else sides[::-1]:
                found[side.word].append(side.load(path, bodies, seconds))
        stored = _stored(s3)
    return _table(found, seconds, stored)


@contextmanager
def _side(
    word: str, uri: str, root: Path, more: Mapping[str, object], environ: Mapping[str, str]
) -> Iterator[Side]:
    settings = {"gateway_auth": "keys", "log_segment_s": SEAL_S} | dict(more)
    values = {"var_dir": root / "var"} | dict(more)
    own = os.environ | {f"PENSTOCK_{name.upper()}": str(value) for name, value in values.items()}
    command = [sys.executable, "-m", "serving.keys", "make", "bench", "--json"]
    said = subprocess.run(command, cwd=REPO, env=own, check=True, capture_output=True, text=True).stdout
    with _environ(environ), gateway(uri, root, **settings) as address:
        yield Side(word, address, str(json.loads(said)["key"]))


@contextmanager
def _environ(values: Mapping[str, str]) -> Iterator[None]:
    """Let what is started within the block see these variables; it keeps what it has seen."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _s3(root: Path) -> Iterator[dict[str, str]]:
    """An S3 server in a process of its own; yields what clients must be told."""
    port = pick_free_port()
    url = f"http://127.0.0.1:{port}"
    told = {"AWS_ENDPOINT_URL": url, "MLFLOW_S3_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}
    told |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, dict(os.environ), root / "s3.log", f"{url}/moto-api/"):
        _client(told).create_bucket(Bucket=BUCKET)
        yield told


@contextmanager
def _mlflow(database: str, root: Path, s3: Mapping[str, str]) -> Iterator[str]:
    port = pick_free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", database, "--serve-artifacts"]
    command += ["--uvicorn-opts=--timeout-worker-healthcheck 60"]
    command += ["--artifacts-destination", f"s3://{BUCKET}/artifacts"]
    environ = os.environ | s3 | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(command, environ, root / "mlflow.log", f"{uri}/health", cwd=root):
        yield uri


def _client(told: Mapping[str, str]) -> "boto3.client":  # type: ignore[valid-type]
    return boto3.client(
        "s3",
        endpoint_url=told["AWS_ENDPOINT_URL"],
        region_name=told["AWS_DEFAULT_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )


def _stored(told: Mapping[str, str]) -> dict[str, int]:
    """How many objects there are of log and artefacts: without any, nothing was measured."""
    client = _client(told)  # type: ignore[var-annotated]
    counts = {
        word: sum(
            len(page.get("Contents", ()))
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{word}/")
        )
        for word in ("log", "artifacts")
    }
    if not all(counts.values()):
        raise SystemExit(f"the bucket holds {counts}: it was not used")
    return counts


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _until_it_answers(side: Side, path: str, body: bytes, timeout_s: float = 90.0) -> None:
    headers = {"Content-Type": "application/json", "X-API-Key": side.key}
    asked = urllib.request.Request(side.address + path, body, headers)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(asked, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"the gateway over the stores {side.word} did not answer within {timeout_s:g} s")


def _table(found: Mapping[str, Sequence[Load]], seconds: int, stored: Mapping[str, int]) -> str:
    ratios = [
        there.requests_per_s / here.requests_per_s
        for here, there in zip(found["here"], found["there"], strict=True)
    ]
    every = ", ".join(f"{ratio:.0%}" for ratio in ratios)
    return "\n".join(
        [
            f"{len(ratios)} pairs of runs of {seconds} s, one row a request, {CONNECTIONS} connections",
            f"SQLite and disk    {_line(found['here'])}",
            f"PostgreSQL and S3  {_line(found['there'])}",
            f"{statistics.median(ratios):.1%} of the throughput (pairs: {every}; target {TARGET:.0%})",
            f"the bucket holds {stored['log']} files of the log and {stored['artifacts']} of artefacts",
        ]
    )


def _line(runs: Sequence[Load]) -> str:
    speeds = [run.requests_per_s for run in runs]
    p50, p99 = (statistics.median(getattr(run, name) for run in runs) for name in ("p50_ms", "p99_ms"))
    return (
        f"{statistics.median(speeds):8.0f} requests/s ({min(speeds):.0f}-{max(speeds):.0f}), "
        f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, failed {sum(run.failed for run in runs)}"
    )
