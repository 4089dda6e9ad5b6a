"""A large CSV to JSON lines and Parquet: DuckDB's own COPY twice, and the ingestion, each in its own process.

The ingestion also tells every column's type from all rows, digests the file and checks its encoding.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

ROWS = 1_900_000
FULL_ROWS = 13_700_000
ROUNDS = 3
FULL_ROUNDS = 1
MAKE = """
COPY (SELECT i AS id, 'C' || (100000 + i) AS customer, (h(i, 3) % 1000000) / 100.0 AS amount,
 h(i, 5) % 90 AS age, (h(i, 7) % 10000) / 7.0 AS ratio, DATE '2015-01-01' + (h(i, 11) % 3000)::INT AS day,
 TIMESTAMP '2020-01-01' + to_seconds(h(i, 13) % 100000000) AS seen,
 ['red', 'green', 'blue', 'black'][1 + h(i, 17) % 4] AS colour,
 ['Berlin', 'Paris', 'New York, NY', 'Tokyo', 'Lima'][1 + h(i, 19) % 5] AS city,
 CASE WHEN h(i, 23) % 10 = 0 THEN NULL ELSE h(i, 23) % 1000 END AS gaps, h(i, 29) % 2 = 0 AS flag,
 md5(i::VARCHAR) AS token, (h(i, 31) % 1000) / 1000.0 AS p, h(i, 37) % 5 AS k,
 'note ' || (h(i, 41) % 1000) AS note
 FROM range({rows}) t(i)) TO '{path}' (HEADER)
"""
PEER = """
import json, resource, sys, time
import duckdb
limits = {"threads": "2", "memory_limit": "600MB", "temp_directory": sys.argv[2] + "/spill"}
engine = duckdb.connect(config=limits)
engine.execute("SET enable_progress_bar = false")
start = time.monotonic()
for form in ("jsonl", "parquet"):
    kind = "json" if form == "jsonl" else form
    engine.execute(f"COPY (FROM read_csv('{sys.argv[1]}')) TO '{sys.argv[2]}/peer.{form}' (FORMAT {kind})")
seconds = time.monotonic() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
OURS = """
import json, resource, sys, time
from pathlib import Path
from projects.ingest.run import ingest
start = time.monotonic()
ingest(sys.argv[1], Path(sys.argv[2]) / "clean", say=lambda _: None)
seconds = time.monotonic() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def main(*, full: bool = False) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.csv"
        _make(path, FULL_ROWS if full else ROWS)
        size_mb = path.stat().st_size / 1e6
        rounds = [
            (_run(PEER, path, folder), _run(OURS, path, folder))
            for _ in range(FULL_ROUNDS if full else ROUNDS)
        ]
        same = _same_rows(Path(folder))
    peer, ours = (statistics.median(turn[side][0] for turn in rounds) for side in (0, 1))
    peaks = [max(turn[side][1] for turn in rounds) for side in (0, 1)]
    verdict = (
        f"ingest runs at {peer / ours:.2f} of DuckDB's speed (target: at least 0.50, below 1,000 MB);"
        f" the rows are {'the same' if same else 'NOT the same'}"
    )
    return "\n".join((
        f"{size_mb:,.0f} MB CSV of 15 columns to JSON lines and Parquet, 2 threads, median of {len(rounds)}",
        "| | seconds | peak memory, MB |",
        "|---|---|---|",
        f"| DuckDB COPY, twice | {peer:.1f} | {peaks[0]:,.0f} |",
        f"| ingest | {ours:.1f} | {peaks[1]:,.0f} |",
        "",
        verdict,
    ))  # fmt: skip


def _make(path: Path, rows: int) -> None:
    with duckdb.connect() as engine:
        engine.execute("CREATE MACRO h(x, seed) AS (hash(x, seed) % 1000000007)::BIGINT")
        engine.execute(MAKE.format(rows=rows, path=path))


def _run(program: str, path: Path, folder: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), folder], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(done.stdout)
    return found


def _same_rows(folder: Path) -> bool:
    files = [f"read_parquet('{folder}/{name}')" for name in ("peer.parquet", "clean/rows.parquet")]
    with duckdb.connect() as engine:
        sums = [
            engine.execute(f"SELECT count(*), sum(hash(columns(*))) FROM {file}").fetchall() for file in files
        ]
    return sums[0] == sums[1]


if __name__ == "__main__":
    print(main(full="--full" in sys.argv))
