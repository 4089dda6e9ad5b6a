"""Batch prediction beside `mlflow models predict`: one model, one file, in turn in one run.

Besides, the least that the work can cost: reading the file, and the booster's own time on the matrix, both on
all cores and measured in the same run.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO, pick_free_port, run_mlflow_server
from tests.service.batch_versions import register_version

NAME = "bench_batch"
LEARNED_ROWS, TREES = 30_000, 200
ROWS, ALL_ROWS = 300_000, 5_000_000
TABLE = """
SELECT range AS id, round(random() * 90, 1) AS age, round(random() * 60) AS tenure,
  round(random() * 120, 2) AS charges, round(exp(random() * 6), 3) AS usage,
  CASE WHEN random() < 0.05 THEN NULL ELSE round(random() * 10, 3) END AS score_a,
  round(random() - 0.5, 5) AS score_b, floor(random() * 12) AS calls, round(random() * 1e5) AS income,
  list_extract(['Oslo', 'Köln', 'Lima', 'Bern', 'Rom', 'Riga', 'Bonn', 'Graz'], 1 + (random() * 7)::INT)
    AS city,
  list_extract(['basic', 'plus', 'pro'], 1 + (random() * 2)::INT) AS plan,
  CASE WHEN random() < 0.1 THEN NULL
    ELSE list_extract(['card', 'bank', 'cash', 'check'], 1 + (random() * 3)::INT) END AS payment,
  'agent ' || (random() * 60)::INT AS agent, (random() < 0.3)::INT AS member,
  list_extract(['yes', 'no'], 1 + random()::INT) AS paperless
FROM range({rows})
"""
TRUTH = """
CASE WHEN charges / 40 - tenure / 20 + 2 * (city = 'Oslo')::INT + 1.5 * (plan = 'pro')::INT
  + coalesce(score_a, 5) / 4 + ln(usage) / 3 + random() * 2 > 4.5 THEN 'leaves' ELSE 'stays' END AS outcome
"""
FLOOR = """
import json, sys, time
import duckdb, lightgbm, numpy as np
from pathlib import Path
from projects.batch.conversion import Converter
from projects.batch.inputs import read_inputs
from serving.plan.load import load_plan

data, folder = sys.argv[1:]
plan = load_plan(Path(folder) / "plan")
files = [path for path in (Path(folder) / "plan").iterdir() if b"tree" == path.read_bytes()[:4]]
booster = lightgbm.Booster(model_file=str(files[0]))
engine = duckdb.connect(config={"memory_limit": "600MB"})
source = f"read_parquet('{data}')" if data.endswith(".parquet") else f"read_csv('{data}')"
seconds = cpu = 0.0

def timed(work):
    global seconds, cpu
    start = time.perf_counter(), time.process_time()
    done = work()
    seconds, cpu = seconds + time.perf_counter() - start[0], cpu + time.process_time() - start[1]
    return done

batches = iter(engine.sql(f"SELECT * FROM {source}").to_arrow_reader(65536))
while True:
    batch = timed(lambda: next(batches, None))
    if batch is None:
        break
    cells, _ = read_inputs(batch, plan.columns, 0, Converter({}))
    matrix = np.ascontiguousarray(plan.encoders[0].encode_columns(cells))
    timed(lambda: booster.predict(matrix))
print(json.dumps([seconds, cpu]))
"""


@dataclass(frozen=True)
class Run:
    """One command: its seconds by the clock and of all cores, its most memory, and what it printed."""

    seconds: float
    cpu: float
    peak_mb: float
    told: str


@dataclass(frozen=True)
class Side:
    """One way to predict the file.

    Attributes:
        name: What it is called.
        seconds: Wall-clock time of the whole command, median.
        cpu: Its seconds of all cores together, median: what it costs however busy the machine is.
        peak_mb: The most memory of the command.
        told: What it printed in the last round.
    """

    name: str
    seconds: float
    cpu: float
    peak_mb: float
    told: str


def main(*, full: bool = False) -> str:
    return compare(ALL_ROWS, 1) if full else compare(ROWS, 3)


def compare(rows: int, rounds: int) -> str:
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        data = make_rows(root, rows)
        with run_mlflow_server(root, pick_free_port()) as server:
            environ = os.environ | {"MLFLOW_TRACKING_URI": server.uri, "PENSTOCK_VAR_DIR": str(root / "var")}
            environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            register_version(server.uri, NAME, data["learn"], "outcome", root, trees=TREES, leave_out=("id",))
            folder = fetch(root, environ)
            commands = commands_for(root, data)
            sides = measure(commands, environ, rounds)
            floors = {path.suffix: floor(path, folder, environ, rounds) for path in rows_of(data)}
        return table(rows, sides, floors)


def make_rows(root: Path, rows: int) -> dict[str, Path]:
    """Write the rows to learn from, and the rows to predict as CSV and Parquet."""
    import duckdb

    paths = {name: root / f"rows.{name}" for name in ("csv", "parquet")} | {"learn": root / "learn.csv"}
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(root)}) as engine:
        engine.execute("SELECT setseed(0.5)")
        learned = f"SELECT *, {TRUTH} FROM ({TABLE.format(rows=LEARNED_ROWS)})"
        engine.execute(f"COPY ({learned}) TO '{paths['learn']}' (HEADER)")
        engine.execute(f"COPY ({TABLE.format(rows=rows)}) TO '{paths['csv']}' (HEADER)")
        engine.execute(f"COPY (FROM read_csv('{paths['csv']}')) TO '{paths['parquet']}'")
    return paths


def fetch(root: Path, environ: dict[str, str]) -> Path:
    folder = root / "version"
    command = ["mlflow", "artifacts", "download", "-u", f"models:/{NAME}/1", "-d", str(folder)]
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return next(folder.rglob("MLmodel")).parent


def commands_for(root: Path, data: dict[str, Path]) -> dict[str, list[str]]:
    penstock = [sys.executable, "-m", "projects.predict", "--name", NAME, "--overwrite", "yes", "--json"]
    peer = ["mlflow", "models", "predict", "-m", f"models:/{NAME}/1", "--env-manager", "local", "-t", "csv"]
    return {
        "mlflow models predict, CSV to JSON": [*peer, "-i", str(data["csv"]), "-o", str(root / "peer.json")],
        "penstock, CSV to CSV": [*penstock, "--data", str(data["csv"]), "--output", str(root / "out.csv")],
        "penstock, Parquet to Parquet": [
            *penstock, "--data", str(data["parquet"]), "--output", str(root / "out.parquet"),
        ],
    }  # fmt: skip


def rows_of(data: dict[str, Path]) -> tuple[Path, Path]:
    return data["csv"], data["parquet"]


def measure(commands: dict[str, list[str]], environ: dict[str, str], rounds: int) -> list[Side]:
    """Run the commands in turn, some times over; each in a process whose peak memory is its own."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command, environ))
    return [side_of(name, done) for name, done in runs.items()]


def side_of(name: str, runs: list[Run]) -> Side:
    seconds, cpu = (statistics.median(getattr(one, kind) for one in runs) for kind in ("seconds", "cpu"))
    return Side(name, seconds, cpu, max(one.peak_mb for one in runs), runs[-1].told)


def run(command: list[str], environ: dict[str, str]) -> Run:
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as wrong:
        process = subprocess.Popen(
            command, cwd=REPO, env=environ, stdout=subprocess.PIPE, stderr=wrong, text=True
        )
        told = process.stdout.read() if process.stdout else ""
        wrong.seek(0)
        why = wrong.read()[-500:]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {why}")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, peak_mb(usage), told)


def peak_mb(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def floor(data: Path, folder: Path, environ: dict[str, str], rounds: int) -> tuple[float, float]:
    """Return the seconds of reading and of the booster alone, by the clock and of all cores, median."""
    found = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", FLOOR, str(data), str(folder)],
            cwd=REPO, env=environ, check=True, capture_output=True, text=True,
        )  # fmt: skip
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return statistics.median(one[0] for one in found), statistics.median(one[1] for one in found)


def table(rows: int, sides: list[Side], floors: dict[str, tuple[float, float]]) -> str:
    peer = sides[0]
    heads = ("s", "rows/s", "ratio", "CPU s", "peak MB", "own s", "floor s", "of it")
    lines = [
        f"{rows:,} rows of 15 columns, LightGBM of {TREES} trees, {os.cpu_count()} cores",
        " " * 34 + "".join(f"{head:>9}" for head in heads),
    ]
    for side in sides:
        line = f"{side.name:34}{side.seconds:9.1f}{rows / side.seconds:9,.0f}"
        line += f"{peer.seconds / side.seconds:9.2f}{side.cpu:9.1f}{side.peak_mb:9,.0f}"
        if side is not peer:
            own = json.loads(side.told.splitlines()[-1])["seconds"]
            least, _ = floors[".parquet" if "Parquet" in side.name else ".csv"]
            line += f"{own:9.1f}{least:9.1f}{own / least:9.2f}"
        lines.append(line)
    told = ", ".join(f"{suffix} {cpu:.1f} s of all cores" for suffix, (_, cpu) in floors.items())
    lines.append("ratio: rows a second, mlflow models predict = 1; own: without start and download")
    lines.append(f"floor: reading and the booster alone, all cores; {told}")
    return "\n".join(lines)
