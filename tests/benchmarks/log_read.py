"""A million logged predictions, sealed and live, read back and joined with their outcomes.

The peer is DuckDB over the same sealed files and, as JSON, the same live lines; it joins the ids alone.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from serving.prediction_log import layout, outcomes
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.read import read
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.seal import seal_outcomes, seal_segments
from serving.prediction_log.segment import SegmentWriter

LINES_AT_ONCE = 1000
START_S = 1_785_499_200.0
NUMBERS, LIVE_SHARE, TARGET_S = 18, 0.1, 5.0


def main(*, full: bool = False) -> str:
    """Read 200,000 predictions of 20 columns (a million with `full`), a tenth of all live."""
    count, rounds = (1_000_000, 3) if full else (200_000, 3)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _fill(folder, count)
        sizes = [sum(path.stat().st_size for path in folder.rglob(kind)) for kind in ("*.parquet", "*.jsonl")]
        cases: dict[str, Callable[[], int]] = {
            "DuckDB, ids and labels only": lambda: _by_duckdb(folder),
            "penstock, predictions": lambda: read(folder, model="bench").num_rows,
            "penstock, with outcomes": lambda: _joined(folder),
            "penstock, newest 10,000 with outcomes": lambda: _joined(folder, limit=10_000),
        }
        spent: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, work in cases.items():
                started = time.perf_counter()
                found = work()
                spent[name].append(time.perf_counter() - started)
                if found != (10_000 if "newest" in name else count):
                    raise RuntimeError(f"{name} found {found} of {count}")
    lines = [f"{count:,} predictions; sealed {sizes[0] / 1e6:.0f} MB, live {sizes[1] / 1e6:.0f} MB", ""]
    lines += [f"{'':<40}{'median s':>10}{'us a row':>10}"]
    for name, seconds in spent.items():
        median = statistics.median(seconds)
        lines.append(f"{name:<40}{median:>10.2f}{median / count * 1e6:>10.2f}")
    within = statistics.median(spent["penstock, with outcomes"]) * 1_000_000 / count
    lines.append(f"\na million with outcomes: {within:.2f} s; wanted: under {TARGET_S:g} s")
    return "\n".join(lines)


def _fill(folder: Path, count: int) -> None:
    live = int(count * LIVE_SHARE)
    _write(folder, 0, count - live)
    seal_segments(folder)
    seal_outcomes(folder)
    _write(folder, count - live, live)


def _write(folder: Path, first: int, count: int) -> None:
    rng = random.Random(first)
    columns = (*(f"c{number}" for number in range(NUMBERS)), "plan", "is_new")
    logs = [
        SegmentWriter(place, max_bytes=64 << 20, max_age_s=1e9)
        for place in (folder, layout.outcomes_dir(folder))
    ]
    for start in range(first, first + count, LINES_AT_ONCE):
        made, told = [], []
        for number in range(start, min(start + LINES_AT_ONCE, first + count)):
            row = [*(round(rng.gauss(0, 100), 3) for _ in range(NUMBERS)), rng.choice("abc"), number % 2 == 0]
            ts_s = START_S + number / 100
            name, share = new_prediction_id(lambda ts_s=ts_s: ts_s), rng.random()
            made.append(
                encode(
                    Record(name, ts_s, "bench", "1", "champion", False, None, "k" * 32, columns, [row],
                           [int(share > 0.5)], [[share, 1 - share]], 420)
                )
            )  # fmt: skip
            told.append(outcomes.encode(Outcome(name, str(number % 2), 1.5, ts_s, ts_s + 60)))
        for log, lines in zip(logs, (made, told), strict=True):
            log.append(b"".join(lines))
    for log in logs:
        log.close()


def _joined(folder: Path, limit: int | None = None) -> int:
    table = read(folder, model="bench", outcomes=True, limit=limit)
    if table["label"].null_count:
        raise RuntimeError("a label is missing")
    return table.num_rows


def _by_duckdb(folder: Path) -> int:
    def both(kind: Path) -> str:
        sealed, lines = kind / "sealed" / "**" / "*.parquet", kind / "segments" / "*.jsonl"
        return (
            f"select {{}} from read_parquet('{sealed}', hive_partitioning=false) union all by name "
            f"select {{}} from read_json('{lines}', format='newline_delimited')"
        )

    logged = both(folder).format("prediction_id", "prediction_id")
    told = both(layout.outcomes_dir(folder)).format(
        "prediction_id, label_json", "prediction_id, label_json::varchar as label_json"
    )
    query = f"select count(label_json) from ({logged}) p left join ({told}) o using (prediction_id)"
    return int(duckdb.sql(query).fetchall()[0][0])


if __name__ == "__main__":
    print(main())
