"""What a second Dask worker brings to ingestion and to batch prediction, and what the first one costs.

One worker, two workers and a plain process take turns; each worker has one thread, and the plain process is
held to one core, so that its DuckDB and its boosters have one thread, too.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from projects.batch.run import Asked, predict_source
from projects.batch.source import Known
from projects.compute.cluster import cluster
from projects.compute.crew import Crew
from projects.ingest.convert import Conversion
from projects.ingest.run import ingest
from projects.ingest.schema import ColumnSchema
from projects.requirement.compute_section import Compute
from projects.scorer import PlanScorer, Version
from serving.plan.load import digest, load_plan
from serving.plan.model import Column
from serving.plan.write import write_plan

ROWS, FULL_ROWS = 1_500_000, 4_000_000
ROUNDS, FULL_ROUNDS = 3, 7
NUMBERS = [f"x{at}" for at in range(10)]
WAYS = ("plain", "one worker", "two workers")
Work = Callable[[Crew | None, Path], object]


def make_csv(path: Path, rows: int) -> None:
    """Write a table of numbers, texts and times."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame({name: rng.normal(size=rows).round(4) for name in NUMBERS})
    table["word"] = rng.choice(["red", "green", "blue", "a, b"], rows)
    seconds = pd.to_timedelta(rng.integers(0, 10**8, rows), unit="s")
    table["at"] = pd.Timestamp("2020-01-01") + seconds
    table.to_csv(path, index=False)


def make_version(folder: Path) -> Version:
    """Fit a booster on noise with a rule in it, and load its plan."""
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(4000, len(NUMBERS))), columns=NUMBERS)
    model = LGBMClassifier(n_estimators=100, n_jobs=1, verbosity=-1, random_state=1)
    columns = ColumnTransformer([("numbers", SimpleImputer(strategy="median"), NUMBERS)])
    fitted = Pipeline([("columns", columns), ("model", model)]).fit(
        X, (X["x0"] + X["x1"] * X["x2"] > 0).astype(int)
    )
    plan = folder / "plan"
    plan.mkdir(parents=True)
    write_plan(fitted, [Column(name, "double", required=True) for name in NUMBERS], plan, task="binary")
    return Version("bench", "1", PlanScorer(load_plan(plan)), "scoring plan", {}, None, folder, digest(plan))


def known() -> Known:
    """How training would have read the model's columns."""
    conversion = Conversion("number")
    told = [
        ColumnSchema(name, name, "rows", "number", "DOUBLE", conversion, 0, 0, {}, (), ()) for name in NUMBERS
    ]
    return Known("rows", {column.name: column for column in told})


def seconds_of(way: str, work: Work, folder: Path, crews: dict[str, Crew]) -> float:
    """Time one turn; the plain process is held to one core, which its threads inherit."""
    cores = os.sched_getaffinity(0)
    if way == "plain":
        os.sched_setaffinity(0, {min(cores)})
    start = time.perf_counter()
    try:
        work(crews.get(way), folder)
    finally:
        os.sched_setaffinity(0, cores)
    return time.perf_counter() - start


def main(*, full: bool = False) -> str:
    """Compare; return a table of medians and ratios.

    Args:
        full: Take more rows and more rounds.
    """
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        source = folder / "rows.csv"
        make_csv(source, FULL_ROWS if full else ROWS)
        version, how = make_version(folder / "version"), known()

        def reading(crew: Crew | None, out: Path) -> object:
            return ingest(source, out / "clean", say=lambda _line: None, crew=crew)

        def predicting(crew: Crew | None, out: Path) -> object:
            wanted = Asked(version, out / "answers.csv", overwrite=True, crew=crew)
            return predict_source(str(source), how, wanted)

        rounds = FULL_ROUNDS if full else ROUNDS
        lines = [
            f"{source.stat().st_size / 1e6:,.0f} MB of CSV, {rounds} rounds, load {os.getloadavg()[0]:.1f}"
        ]
        for name, work in (("ingest", reading), ("batch prediction", predicting)):
            lines += told(name, compared(work, folder, rounds))
        return "\n".join(lines)


def compared(work: Work, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Let all ways take turns; one turn of each is not counted."""
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    one, two = Compute(cluster="local", workers=1), Compute(cluster="local", workers=2)
    with (
        cluster(one, lambda _line: None, folder=folder) as first,
        cluster(two, lambda _line: None, folder=folder) as second,
    ):
        if first is None or second is None:
            raise RuntimeError("a cluster was asked for, and none came")
        crews = {
            way: Crew(client, lambda _line: None)
            for way, client in zip(WAYS[1:], (first, second), strict=True)
        }
        for turn in range(rounds + 1):
            for way in WAYS:
                seconds = seconds_of(way, work, folder, crews)
                if turn:
                    taken[way].append(seconds)
    return taken


def told(name: str, taken: dict[str, list[float]]) -> list[str]:
    """Write medians, spreads and ratios."""
    lines = [
        f"{name:<18}{way:<12}{statistics.median(times):8.2f} s   {min(times):.2f} to {max(times):.2f} s"
        for way, times in taken.items()
    ]
    plain, one, two = (taken[way] for way in WAYS)
    scaling = [first / second for first, second in zip(one, two, strict=True)]
    cost = [first / alone for first, alone in zip(one, plain, strict=True)]
    lines.append(
        f"{name:<18}two workers are {statistics.median(scaling):.2f} times as fast as one"
        f" ({min(scaling):.2f} to {max(scaling):.2f}); one takes {statistics.median(cost):.2f} times as long"
        f" as a plain process ({min(cost):.2f} to {max(cost):.2f})"
    )
    return lines


if __name__ == "__main__":
    print(main())
