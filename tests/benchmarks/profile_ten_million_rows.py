"""The quality report of ten million rows of 20 mixed columns, beside DuckDB's own SUMMARIZE of the same file.

Each runs in a process of its own, so that its memory is its own; two threads each.
"""

import statistics
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import duckdb

ROWS, FEWER_ROWS = 10_000_000, 1_000_000
FULL_ROUNDS, ROUNDS = 1, 3
TARGET_S = 60
TABLE = """COPY (SELECT
    i AS id, (hash(i * 7) % 1000000) / 7.3 AS amount, (hash(i * 11) % 10000) / 100.0::DOUBLE AS price,
    ln(1 + hash(i * 3) % 100000) AS skewed, (hash(i * 13) % 100)::BIGINT AS age,
    (hash(i * 17) % 5)::BIGINT AS grade,
    CASE WHEN hash(i * 19) % 10 > 0 THEN (hash(i * 23) % 100000) / 3.0 END AS gaps, sqrt(i) AS trend,
    (hash(i * 61) % 1000)::BIGINT - 500 AS signed, (hash(i * 71) % 1000000000) / 1e6 AS measured,
    hash(i * 29) % 2 = 0 AS active, hash(i * 31) % 7 = 0 AS vip,
    'city ' || (hash(i * 37) % 500) AS city,
    ['north', 'south', 'east', NULL][1 + (hash(i * 41) % 4)::INT] AS region,
    'user-' || md5(i::VARCHAR) AS user, 'SKU' || (hash(i * 43) % 50000) AS sku,
    'the note says ' || (hash(i * 67) % 1000000) || ' things' AS note,
    DATE '2020-01-01' + (hash(i * 53) % 1500)::INT AS day,
    TIMESTAMP '2021-01-01' + INTERVAL 1 SECOND * (hash(i * 59) % 90000000) AS moment,
    CASE WHEN hash(i * 47) % 20 = 0 THEN 'yes' ELSE 'no' END AS churn
FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"""
REPORT = (
    "from projects.quality.report import write_report; write_report(Path(folder), target='churn', title='x')"
)
SUMMARY = """import duckdb
duckdb.execute("SET threads = 2; SET memory_limit = '600MB'; SET enable_progress_bar = false")
duckdb.execute(f"SUMMARIZE SELECT * FROM '{folder}/rows.parquet'").fetchall()"""
MEASURED = """
import resource, sys, time
from pathlib import Path
folder = sys.argv[1]
started, cpu = time.monotonic(), time.process_time()
{work}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
print(time.monotonic() - started, time.process_time() - cpu, peak)
"""


def main(*, full: bool = False) -> str:
    """Return the table: seconds, processor seconds and peak memory of both.

    Args:
        full: Ten million rows instead of one.
    """
    rows, rounds = (ROWS, FULL_ROUNDS) if full else (FEWER_ROWS, ROUNDS)
    works = {"DuckDB SUMMARIZE": SUMMARY, "penstock quality report": REPORT}
    found: dict[str, list[list[float]]] = {name: [] for name in works}
    with tempfile.TemporaryDirectory() as folder:
        duckdb.execute(TABLE.format(rows=rows, path=Path(folder) / "rows.parquet"))
        for _ in range(rounds):
            for name, work in works.items():
                found[name].append(measured(work, folder))
        size = (Path(folder) / "quality.html").stat().st_size
    lines = [f"{rows:,} rows x 20 mixed columns, 2 threads, median of {rounds}"]
    lines += [f"the target is {TARGET_S} s at {ROWS:,} rows", ""]
    lines += [f"{'':<26}{'seconds':>9}{'cpu s':>8}{'peak MB':>9}"]
    medians = {
        name: [statistics.median(column) for column in zip(*runs, strict=True)]
        for name, runs in found.items()
    }
    lines += [f"{name:<26}{wall:>9.1f}{cpu:>8.1f}{peak:>9.0f}" for name, (wall, cpu, peak) in medians.items()]
    walls = [wall for wall, *_ in medians.values()]
    return "\n".join(
        [*lines, f"{'ratio':<26}{walls[1] / walls[0]:>9.1f}", f"the page has {size / 1024:.0f} KiB"]
    )


def measured(work: str, folder: str) -> list[float]:
    """Run a work in a process of its own; return its seconds, processor seconds and peak memory in MB."""
    script = MEASURED.format(work=textwrap.dedent(work))
    told = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    return [float(number) for number in told.stdout.split()]


if __name__ == "__main__":
    sys.stdout.write(main(full="--full" in sys.argv) + "\n")
