"""Milliseconds a page of what there is very much of: 10,000 data sets, 30,000 runs, 5,000 jobs.

Penstock's own tables are filled through its stores' columns. MLflow's are filled in its database: through
its client 30,000 runs would take an hour. The first page, one in the middle and a deep one are timed.
"""

import json
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from penstock.jobs.job import Wanted
from penstock.jobs.store import JOBS
from penstock.records.dataset import DATASETS
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.platform_fixtures import Platform, run_platform

TARGET_MS = 300
SIZES = {"datasets": 10_000, "runs": 30_000, "jobs": 5_000}
START_MS = 1_700_000_000_000
PAGE = 50


def main(*, full: bool = False) -> str:
    """Time each page 15 times with `full`, else 5 times."""
    times = 15 if full else 5
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        platform = stack.enter_context(run_platform(server.uri, root / "var", with_jobs=False))
        assert platform.post("/api/ml/projects", {"name": "many"}).status < 300
        project = platform.desk().projects.listed()[0]
        _fill_tables(platform, project.path)
        _fill_mlflow(root / "mlflow.db", project.experiment_id)
        runs = f"/api/ml/experiments/{project.experiment_id}/runs"
        pages = [
            ("data sets", "/api/ml/datasets"),
            ("jobs", "/api/ml/jobs"),
            ("runs", runs),
            ("runs without parts", f"{runs}?nested=false"),
        ]
        rows = [row for name, path in pages for row in _timed(platform, name, path, times)]
        best = f"{runs}?order_by=metrics.accuracy%20DESC&limit={PAGE}"
        rows.append(("runs, best by a metric", "first", _medians(lambda: platform.get(best), times)))
    return _table(rows)


Row = tuple[str, str, float]


def _timed(platform: Platform, name: str, path: str, times: int) -> Iterable[Row]:
    """The first page, and those after 10 and after 60 others."""
    address = f"{path}{'&' if '?' in path else '?'}limit={PAGE}"
    for page in range(61):
        answer = platform.get(address)
        assert answer.status == 200, answer.body
        if page in (0, 10, 60):
            here = address
            yield name, f"page {page + 1}", _medians(lambda here=here: platform.get(here), times)
        cursor = answer.headers.get("x-next-cursor")
        assert cursor, f"{name} end at page {page + 1}"
        address = f"{path}{'&' if '?' in path else '?'}limit={PAGE}&cursor={cursor}"


def _medians(ask: Callable[[], Any], times: int) -> float:
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        assert ask().status == 200
        spent.append(1000 * (time.perf_counter() - started))
    return statistics.median(spent)


def _fill_tables(platform: Platform, project: str) -> None:
    desk = platform.desk()
    owner = project.partition("/")[0]
    datasets = [
        _row(DATASETS, dataset_id=_id(), project=project, owner=owner, name=f"table {at}", created_s=at + 1.0,
             origin="upload", profile='{"column_names": ["a", "b"]}', rows=1000)
        for at in range(SIZES["datasets"])
    ]  # fmt: skip
    wanted = json.dumps(asdict(Wanted("train", owner, project, {})))
    jobs = [
        _row(JOBS, job_id=_id(), entry="train", owner=owner, project=project, wanted=wanted,
             state="completed", created_s=at + 1.0, results='{"evaluation": {}}', progress="{}")
        for at in range(SIZES["jobs"])
    ]  # fmt: skip
    with desk.database.begin() as connection:
        connection.execute(sa.insert(DATASETS), datasets)
        connection.execute(sa.insert(JOBS), jobs)


def _row(table: sa.Table, **given: object) -> dict[str, object]:
    """A row, with nothing in the columns that nothing is given for."""
    empty = {str: "", int: 0, float: 0.0, bool: False}
    return {column.name: empty.get(column.type.python_type) for column in table.columns} | given


def _fill_mlflow(path: Path, experiment: str) -> None:
    """Runs a second apart, each with ten metrics, ten parameters and five tags; every third one is a part."""
    rng, count = random.Random(7), SIZES["runs"]
    ids = [uuid.uuid4().hex for _ in range(count)]
    runs = [
        (run, f"run {at}", "PROJECT", "", "main", "bench", "FINISHED", START_MS + 1000 * at,
         START_MS + 1000 * at + 500, "", "active", f"mlflow-artifacts:/{run}", int(experiment))
        for at, run in enumerate(ids)
    ]  # fmt: skip
    columns = (
        "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, "
        "source_version, lifecycle_stage, artifact_uri, experiment_id"
    )
    names = ("accuracy", *(f"metric_{at}" for at in range(9)))
    with sqlite3.connect(path, timeout=60) as database:
        database.executemany(f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * 13)})", runs)
        database.executemany(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?,?,?,?,?,?)",
            ((name, rng.random(), START_MS, 0, 0, run) for run in ids for name in names),
        )
        database.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            ((f"param_{at}", str(at), run) for run in ids for at in range(10)),
        )
        tags = ("mlflow.runName", "mlflow.user", "mlflow.source.name", "penstock.kind", "penstock.job")
        database.executemany(
            "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
            ((tag, "value", run) for run in ids for tag in tags),
        )
        database.executemany(
            "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.parentRunId', 'parent', ?)",
            ((run,) for run in ids[::3]),
        )
    database.close()


def _id() -> str:
    return str(uuid.uuid4())


def _table(rows: Iterable[Row]) -> str:
    lines = [f"| list | page | ms (target {TARGET_MS}) |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {page} | {ms:.0f} |" for name, page, ms in rows)])
