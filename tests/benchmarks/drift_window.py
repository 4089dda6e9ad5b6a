"""A window of a million rows and a hundred mixed columns against its reference, in a process of its own.

Beside it Evidently's report on a size that it can do, and ours on the same. The counts are compared with
those of all rows, the distances with SciPy's over all rows. Evidently gets the columns as our reports give
them to it: of more than fifty categories the rarer ones joined.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, FEWER_ROWS = 1_000_000, 200_000
PEER_ROWS, PEER_COLUMNS = 20_000, 20
COLUMNS, REFERENCE_ROWS, PART_ROWS = 100, 10_000, 50_000
SAMPLE_ROWS = 10_000
TARGETS = "targets at 1,000,000 x 100: 60 s, 600 MB, distances within 0.01"

RUN = """
import json, resource, sys, time
import pyarrow as pa, pyarrow.parquet as pq
pa.set_cpu_count(2)
folder, who = sys.argv[1:3]
started, cpu = time.monotonic(), time.process_time()
{work}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
print(json.dumps([time.monotonic() - started, time.process_time() - cpu, peak, found]))
"""
PENSTOCK = """
from monitoring.drift.base import Reference
from monitoring.drift.judge import judge
from monitoring.drift.profile import Profiler
reference = Reference.of(pq.read_table(f"{folder}/reference.parquet"))
profiler = Profiler(reference, sample_rows=10_000)
for batch in pq.ParquetFile(f"{folder}/{who}.parquet", pre_buffer=False).iter_batches(32_768):
    profiler.add(pa.table({"features": batch.to_struct_array()}))
profile = profiler.profile()
drift = judge(reference, profile, drift_share=0.5)
found = {c.name: [c.distance, c.error, profile.counts[c.name].missing,
                  c.unseen_share, c.out_of_range_share] for c in drift.columns}
"""
EVIDENTLY = """
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
sides = [pq.read_table(f"{folder}/{name}.parquet").to_pandas() for name in (who, "reference")]
sides[1] = sides[1][list(sides[0])]
from monitoring.columns import Columns
from monitoring.drift.comparable import comparable
columns = Columns(tuple(n for n in sides[0] if n[0] == "n"), tuple(n for n in sides[0] if n[0] == "c"))
sides = list(reversed(comparable(sides[1].astype({n: object for n in columns.categorical}),
                                 sides[0].astype({n: object for n in columns.categorical}), columns)))
kinds = DataDefinition(numerical_columns=[n for n in sides[0] if n[0] == "n"],
                       categorical_columns=[n for n in sides[0] if n[0] == "c"])
report = Report([DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon")])
snapshot = report.run(*(Dataset.from_pandas(side, data_definition=kinds) for side in sides))
snapshot.save_html(f"{folder}/report.html")
found = {m["config"]["column"]: [float(m["value"])] for m in snapshot.dict()["metrics"]
         if "column" in m["config"]}
"""


def main(*, full: bool = False) -> str:
    """Return the table.

    Args:
        full: A million rows instead of fewer.
    """
    rows = ROWS if full else FEWER_ROWS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        pq.write_table(made(REFERENCE_ROWS, COLUMNS, 0, shifted=False), home / "reference.parquet")
        write(home / "window.parquet", rows, COLUMNS)
        write(home / "fewer.parquet", PEER_ROWS, PEER_COLUMNS)
        large = run(PENSTOCK, home, "window")
        ours, theirs = run(PENSTOCK, home, "fewer"), run(EVIDENTLY, home, "fewer")
        lines = [TARGETS, "", f"{'':<44}{'seconds':>9}{'cpu s':>8}{'peak MB':>9}"]
        few = f"{PEER_ROWS:,} x {PEER_COLUMNS}"
        for title, (wall, cpu, peak, _) in {
            f"Penstock, {rows:,} x {COLUMNS}": large,
            f"Penstock, {few}": ours,
            f"Evidently's report, {few}": theirs,
        }.items():
            lines.append(f"{title:<44}{wall:>9.1f}{cpu:>8.1f}{peak:>9.0f}")
        apart = max(abs(ours[3][name][0] - theirs[3][name][0]) for name in theirs[3])
        lines += ["", f"farthest from Evidently, {few}: {apart:.2g}", *compared(home, rows, large[3])]
    return "\n".join(lines)


def run(work: str, home: Path, who: str) -> list[object]:
    program = RUN.replace("{work}", work)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(home), who],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def write(path: Path, rows: int, columns: int) -> None:
    first = made(1, columns, 0, shifted=True)
    with pq.ParquetWriter(path, first.schema) as file:
        for part in range(0, rows, PART_ROWS):
            file.write_table(made(min(PART_ROWS, rows - part), columns, part + 1, shifted=True))


def made(rows: int, columns: int, seed: int, *, shifted: bool) -> pa.Table:
    """Three columns of numbers to two of categories; in a window every fifth is shifted."""
    rng = np.random.default_rng(seed)
    cells = {}
    for i in range(columns * 3 // 5):
        by = (i % 5 == 0) * 0.3 * shifted
        values = [
            rng.normal(by, 1, rows),
            rng.lognormal(by, 1, rows),
            np.floor(rng.gamma(2, 20 * (1 + by), rows)),
        ][i % 3]
        values[rng.random(rows) < 0.02] = np.nan
        cells[f"n{i}"] = pa.array(values, from_pandas=True)
    for i in range(columns * 2 // 5):
        names = np.array([f"name {j}" for j in range([4, 12, 60, 400][i % 4] + shifted)], dtype=object)
        shares = 1 / (1 + np.arange(len(names)))
        cells[f"c{i}"] = pa.array(rng.choice(names, rows, p=shares / shares.sum()), pa.string())
    return pa.table(cells)


def full_jensen_shannon(reference: pd.Series, window: pd.Series) -> float:
    from scipy.spatial.distance import jensenshannon

    kept = reference.value_counts().index[:50]
    sides = [
        side.where(side.isin(kept), "(other)").value_counts(normalize=True) for side in (reference, window)
    ]
    both = pd.concat(sides, axis=1).fillna(0.0).to_numpy()
    return float(jensenshannon(both[:, 0], both[:, 1]))


def compared(home: Path, rows: int, found: dict[str, list[float]]) -> list[str]:
    """Each column of the large window against the full computation."""
    from scipy.stats import wasserstein_distance

    reference = pq.read_table(home / "reference.parquet").to_pandas()
    apart, beyond, wrong = [0.0], 0, 0
    for name in reference:
        full = pq.read_table(home / "window.parquet", columns=[name])[name].to_pandas()
        known, distance, error = reference[name].dropna(), *found[name][:2]
        wrong += found[name][2] != full.isna().sum()
        values = full.dropna()
        if name[0] == "n":
            true = wasserstein_distance(known, values) / known.std(ddof=0)
            apart.append(abs(true - distance))
            beyond += apart[-1] > error + 1e-9
            outside = ((values < known.min()) | (values > known.max())).sum()
            wrong += round(found[name][4] * len(values)) != outside
        else:
            apart.append(abs(full_jensen_shannon(known, values) - distance))
            wrong += round(found[name][3] * len(values)) != (~values.isin(known.unique())).sum()
    return [
        f"farthest from SciPy over all {rows:,} rows: {max(apart):.2g}; beyond the stated error: {beyond}",
        f"counts of missing, unseen and out-of-range values that differ: {wrong}",
    ]
