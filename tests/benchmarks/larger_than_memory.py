"""A table larger than the memory it may take: seconds, peak memory, score, and the libraries' own speed.

The peer is the library alone, fed from disk by its own external-memory classes with the very matrix that
Penstock's preparation makes, ready as a file. Penstock's seconds are those of the whole last fit: statistics,
matrix and model. Versions are scored on rows that no training has seen. The full form takes a CSV of 10 GB
and must stay below 3 GB; it needs 40 GB of disk.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.million_rows import watch
from tests.conftest import REPO, pick_free_port, run_mlflow_server, stop_group

MOST_GB, LEAST_SPEED, MOST_AUC_OFF = 3.0, 0.5, 0.002
NUMBERS = 24
BYTES_A_ROW = 479
"""Of this table's CSV."""
SHORT_BYTES, FULL_BYTES = 300_000_000, 10_000_000_000
DISK_A_BYTE = 4
"""The CSV, the clean rows, the matrix, and room for DuckDB."""
LONGEST_SECONDS = 4 * 3600
ROUNDS = 40
UNSEEN_ROWS = 200_000
LIBRARIES = ("lightgbm", "xgboost")
HEAD = (
    f"{'':10}{'all s':>8}{'last fit s':>12}{'peer s':>8}{'speed':>7}{'peak GB':>9}{'AUC':>9}{'in memory':>11}"
)
TABLE = """
SELECT *, CASE WHEN n0 * 3 + n1 * n2 / 2 - n3 / 2 + coalesce(n5, 3) / 3 + (city = 'Oslo')::INT
    + (agent < 'agent 2')::INT + sin(n7) + random() * 3 > 5.2 THEN 'leaves' ELSE 'stays' END AS outcome
FROM (
  SELECT {numbers}, 'agent ' || (random() * 300)::INT AS agent,
    DATE '2020-01-01' + (random() * 1500)::INT AS joined,
    list_extract(['Oslo', 'Lima', 'Bern', 'Rom', 'Riga', 'Bonn'], 1 + (random() * 5)::INT) AS city,
    list_extract(['basic', 'plus', 'pro'], 1 + (random() * 2)::INT) AS plan
  FROM range({rows})
)
"""


@dataclass(frozen=True)
class Run:
    """What one training said and cost."""

    seconds: float
    fit_seconds: float
    peak_gb: float


def main(*, full: bool = False) -> str:
    return measured(FULL_BYTES if full else SHORT_BYTES, "2GB" if full else "60MB")


def measured(size_bytes: int, memory: str, libraries: tuple[str, ...] = LIBRARIES) -> str:
    """Train on a CSV of a size within some memory; print what it took, and the peers beside it."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("PENSTOCK_BENCH_DIR")) as scratch:
        root = Path(scratch)
        free = shutil.disk_usage(root).free
        if free < DISK_A_BYTE * size_bytes:
            needed = DISK_A_BYTE * size_bytes / 1e9
            return f"needs {needed:.0f} GB on the disk of {root}, which has {free / 1e9:.0f}"
        data = make_rows(root, size_bytes // BYTES_A_ROW, seed=0.5)
        unseen = make_rows(root, UNSEEN_ROWS, seed=0.25)
        lines = [
            f"CSV of {data.stat().st_size / 1e9:.2f} GB, sampling.memory {memory}, {ROUNDS} rounds",
            HEAD,
        ]
        with run_mlflow_server(root, pick_free_port()) as server:
            environ = os.environ | {"MLFLOW_TRACKING_URI": server.uri, "PENSTOCK_VAR_DIR": str(root / "var")}
            for library in libraries:
                ours = train(data, library, memory, environ)
                seconds = peer(data, library, memory, environ)
                auc, inside = auc_of(1, unseen, data, library, environ), f"{'-':>11}"
                if size_bytes <= SHORT_BYTES:
                    train(data, library, "100GB", environ)
                    inside = f"{auc_of(2, unseen, data, library, environ):11.4f}"
                lines.append(
                    f"{library:10}{ours.seconds:8.0f}{ours.fit_seconds:12.1f}{seconds:8.1f}"
                    f"{seconds / ours.fit_seconds:7.2f}{ours.peak_gb:9.2f}{auc:9.4f}{inside}"
                )
    lines.append(
        f"targets: 10 GB in less than {MOST_GB:g} GB, at {LEAST_SPEED:g} of the peer's speed or more, AUC"
        f" within {MOST_AUC_OFF:g} of the one in memory"
    )
    return "\n".join(lines)


def make_rows(root: Path, rows: int, seed: float) -> Path:
    """Write the table: numbers of all their digits, some gaps, three columns of labels and a date."""
    import duckdb

    path = root / f"rows_{rows}.csv"
    numbers = ", ".join(
        f"CASE WHEN random() < {0.03 if at % 6 == 5 else 0} THEN NULL ELSE random() * {at + 1} END AS n{at}"
        for at in range(NUMBERS)
    )
    with duckdb.connect(
        config={"memory_limit": "600MB", "temp_directory": str(root), "threads": "1"}
    ) as engine:
        engine.execute(f"SELECT setseed({seed})")
        engine.execute(f"COPY ({TABLE.format(numbers=numbers, rows=rows)}) TO '{path}' (HEADER)")
    return path


def train(data: Path, library: str, memory: str, environ: dict[str, str]) -> Run:
    """Train on all rows in a process of its own, and watch the memory of all that it starts."""
    spec = data.with_name("asked.json")
    spec.write_text(
        json.dumps({"hyperparameters": {library: {"n_estimators": ROUNDS}}, "sampling": {"memory": memory}})
    )
    command = [
        sys.executable, "-m", "projects", "main", "--data", str(data), "--target", "outcome", "--spec",
        str(spec), "--candidates", library, "--sample-size", "full", "--tune-seconds", "0", "--name",
        name_of(data, library), "--json",
    ]  # fmt: skip
    started, peak, over = time.monotonic(), [0.0], threading.Event()
    with data.with_suffix(".out").open("wb") as out, data.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=REPO, env=environ, stdout=out, stderr=log, start_new_session=True
        )
    watcher = threading.Thread(target=watch, args=(process.pid, peak, over))
    watcher.start()
    try:
        code = process.wait(LONGEST_SECONDS)
    finally:
        over.set()
        watcher.join()
        stop_group(process)
    if code:
        raise RuntimeError(data.with_suffix(".log").read_text()[-2000:])
    told = json.loads(data.with_suffix(".out").read_text())
    return Run(time.monotonic() - started, 60 * told["costs"]["train_minutes"], peak[0])


def name_of(data: Path, library: str) -> str:
    """The registered model of a table and a library."""
    return f"{data.stem}-{library}"


def auc_of(version: int, unseen: Path, data: Path, library: str, environ: dict[str, str]) -> float:
    """Score a version on rows that no training has seen."""
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    answers = unseen.with_suffix(".answers.csv")
    command = [
        sys.executable, "-m", "projects", "predict", "--data", str(unseen), "--name",
        name_of(data, library), "--version", str(version), "--output", str(answers), "--keep", "outcome",
        "--overwrite", "yes",
    ]  # fmt: skip
    subprocess.run(command, cwd=REPO, env=environ, check=True, capture_output=True, timeout=LONGEST_SECONDS)
    table = pd.read_csv(answers)
    return float(roc_auc_score(table["outcome"] == "leaves", table["probability_leaves"]))


def peer(data: Path, library: str, memory: str, environ: dict[str, str]) -> float:
    """Return the seconds of the library alone over the same matrix, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.larger_than_memory", str(data), library, memory]
    done = subprocess.run(
        command, cwd=REPO, env=environ, check=True, capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    return float(done.stdout.split()[-1])


def peer_seconds(data: Path, library: str, memory: str) -> float:
    """Write the matrix, then let the library load it and learn; return the seconds of the second part."""
    from sklearn.pipeline import Pipeline

    from projects.beyond_memory.chunks import LearnedRows
    from projects.beyond_memory.last_fit import LastFit
    from projects.beyond_memory.spool import Spool
    from projects.beyond_memory.streaming import kind_of
    from projects.growth import learnable
    from projects.learning.candidates.candidate import Making
    from projects.learning.candidates.listing import BY_NAME
    from projects.problem import read_problem
    from projects.requirement.read import read_requirement
    from projects.rows import read_rows

    parameters = {
        "data": str(data),
        "target": "outcome",
        "sample_size": "full",
        "set": f"sampling.memory={memory}",
    }
    with tempfile.TemporaryDirectory(dir=data.parent) as scratch:
        folder = Path(scratch)
        table = read_rows(read_requirement(parameters=parameters), folder / "work", lambda _: None)
        problem = read_problem(table)
        candidate, task = BY_NAME[library], problem.target.task
        model = candidate.make(Making(task, 7), {**candidate.defaults, "n_estimators": ROUNDS})
        steps = Pipeline(problem.prepare(candidate.style))
        learned = problem.features.frame.iloc[problem.learned]
        steps.fit_transform(learned, problem.target.truth[problem.learned])
        rows = LearnedRows(problem, table, learnable(problem, table))
        fit = LastFit(rows, Pipeline([*steps.steps, ("model", model)]), folder, 0, lambda _: None)
        (folder / "peer").mkdir()
        prepared = fit.prepared(folder / "peer")
        spool = fit.spooled(prepared, Spool(folder / "matrix", prepared.width, kind_of(model)))
        cells = np.memmap(spool.folder / "cells.bin", dtype=spool.kind, mode="r").reshape(-1, spool.width)
        started = time.monotonic()
        (_lightgbm if library == "lightgbm" else _xgboost)(model, cells, spool.truth(), folder)
        return time.monotonic() - started


def _lightgbm(model: Any, cells: Any, truth: Any, _folder: Path) -> None:
    import lightgbm

    from projects.beyond_memory.threads import free_cores

    class Rows(lightgbm.Sequence):  # type: ignore[misc]
        batch_size = 65_536

        def __len__(self) -> int:
            return len(cells)

        def __getitem__(self, at: Any) -> Any:
            return np.asarray(cells[at])

    parameters = model.get_params() | {
        "objective": "binary",
        "num_threads": free_cores(),
        "force_col_wise": True,
    }
    for name in ("n_estimators", "importance_type", "n_jobs", "force_row_wise", "class_weight"):
        parameters.pop(name, None)
    lightgbm.train(parameters, lightgbm.Dataset(Rows(), label=truth), ROUNDS)


def _xgboost(model: Any, cells: Any, truth: Any, folder: Path) -> None:
    import xgboost

    from projects.beyond_memory.threads import free_cores

    class Rows(xgboost.DataIter):  # type: ignore[misc]
        first = 0

        def next(self, input_data: Any) -> bool:
            if self.first >= len(cells):
                return False
            last = self.first + 200_000
            input_data(data=np.asarray(cells[self.first : last]), label=truth[self.first : last])
            self.first = last
            return True

        def reset(self) -> None:
            self.first = 0

    data = xgboost.ExtMemQuantileDMatrix(Rows(cache_prefix=str(folder / "pages")), nthread=free_cores())
    parameters = model.get_xgb_params() | {"nthread": free_cores(), "objective": "binary:logistic"}
    parameters.pop("n_jobs", None)
    xgboost.train(parameters, data, ROUNDS)


if __name__ == "__main__":
    sys.stdout.write(f"{peer_seconds(Path(sys.argv[1]), sys.argv[2], sys.argv[3])}\n")
