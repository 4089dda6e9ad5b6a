"""A training on a million rows of 20 mixed columns: its time, and the most memory of all its processes.

With all rows (`sample_size: full`) memory must stay below 4 GB; with the defaults, 150,000 rows must be
learned in under 5 minutes.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO, pick_free_port, run_mlflow_server, stop_group

MOST_GB, MOST_SECONDS = 4.0, 300.0
LONGEST_SECONDS = 3600
LOOK_EVERY_S = 0.25
TABLE = """
SELECT *, CASE WHEN charges / 40 - tenure / 20 + 2 * (city = 'Oslo')::INT + 1.5 * (plan = 'pro')::INT
    + coalesce(score_a, 5) / 4 + ln(usage) / 3 + random() * 2 > 4.5 THEN 'leaves' ELSE 'stays' END AS outcome
FROM (
  SELECT range AS id, DATE '2020-01-01' + (random() * 1500)::INT AS joined, round(random() * 90, 1) AS age,
    round(random() * 60) AS tenure, round(random() * 120, 2) AS charges, round(exp(random() * 6), 3) AS usage,
    CASE WHEN random() < 0.05 THEN NULL ELSE round(random() * 10, 3) END AS score_a,
    round(random() - 0.5, 5) AS score_b, floor(random() * 12) AS calls, round(random() * 1e5) AS income,
    round(random() * 300, 1) AS distance, round(random() * random() * 50, 2) AS delay,
    list_extract(['Oslo', 'Köln', 'Lima', 'Bern', 'Rom', 'Riga', 'Bonn', 'Graz'], 1 + (random() * 7)::INT)
      AS city,
    list_extract(['basic', 'plus', 'pro'], 1 + (random() * 2)::INT) AS plan,
    CASE WHEN random() < 0.1 THEN NULL
      ELSE list_extract(['card', 'bank', 'cash', 'check'], 1 + (random() * 3)::INT) END AS payment,
    'agent ' || (random() * 300)::INT AS agent, random() < 0.3 AS member,
    list_extract(['yes', 'no'], 1 + random()::INT) AS paperless,
    'device ' || (random() * 40)::INT AS device
  FROM range({rows})
)
"""


@dataclass(frozen=True)
class Training:
    """What one training cost."""

    what: str
    seconds: float
    peak_gb: float
    code: int


def main(*, full: bool = False) -> str:
    asked = [("150,000 rows, defaults", 150_000, [])]
    if full:
        asked.append(("1,000,000 rows, all of them", 1_000_000, ["--sample-size", "full"]))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        with run_mlflow_server(root, pick_free_port()) as server:
            environ = os.environ | {"MLFLOW_TRACKING_URI": server.uri, "PENSTOCK_VAR_DIR": str(root / "var")}
            done = [train(what, make_rows(root, rows), more, environ) for what, rows, more in asked]
    lines = [f"{'training':32}{'s':>9}{'peak GB':>10}{'code':>6}"]
    lines += [f"{one.what:32}{one.seconds:9.1f}{one.peak_gb:10.2f}{one.code:6}" for one in done]
    lines.append(f"targets: below {MOST_GB:g} GB with all rows; below {MOST_SECONDS:g} s with the defaults")
    return "\n".join(lines)


def make_rows(root: Path, rows: int) -> Path:
    import duckdb

    path = root / f"rows_{rows}.csv"
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(root)}) as engine:
        engine.execute("SELECT setseed(0.5)")
        engine.execute(f"COPY ({TABLE.format(rows=rows)}) TO '{path}' (HEADER)")
    return path


def train(
    what: str, data: Path, more: list[str], environ: dict[str, str], *, target: str = "outcome"
) -> Training:
    """Run a training, and watch the memory of its process and of all that it starts."""
    command = [sys.executable, "-m", "projects", "main", "--data", str(data), "--target", target]
    started, peak, over = time.monotonic(), [0.0], threading.Event()
    with (data.parent / f"{data.stem}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--name", data.stem, *more],
            cwd=REPO, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    watcher = threading.Thread(target=watch, args=(process.pid, peak, over))
    watcher.start()
    try:
        code = process.wait(LONGEST_SECONDS)
    finally:
        over.set()
        watcher.join()
        stop_group(process)
    return Training(what, time.monotonic() - started, peak[0], code)


def watch(session: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(LOOK_EVERY_S):
        peak[0] = max(peak[0], memory_gb(session))


def memory_gb(session: int) -> float:
    """Add up the resident memory of a session's processes; pages that they share count for each."""
    done = subprocess.run(
        ["ps", "-o", "rss=", "-s", str(session)], check=False, capture_output=True, text=True
    )
    return sum(int(line) for line in done.stdout.split()) / 1e6
