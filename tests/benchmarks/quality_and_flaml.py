"""Penstock's search beside FLAML's: the same rows, the same core, the same seconds, in turn.

Every cell (a side, a table, a seed) is a process of its own on one core with one thread. Its answer is a line
in `var/benchmarks/quality_and_flaml.jsonl`, and a cell that has a line is not run again: a stopped benchmark
goes on where it was. FLAML reads its tables in its usual way: a frame whose texts are categories and whose
gaps are NaN. Both sides see the same columns, without row numbers and without the parts that add up to the
target.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import train_test_split

from tests.conftest import REPO, SHARED_DATA

RESULTS = REPO / "var" / "benchmarks" / "quality_and_flaml.jsonl"
SIDES = ("flaml", "penstock")
TEST_SIZE = 0.2
BESIDE_THE_SEARCH = 2.0
"""Seconds of Penstock's that are kept for reading the columns, and for measuring what the model costs."""
LOWEST = -0.01
"""No table may lose more than this, beyond its interval."""


@dataclass(frozen=True)
class Case:
    """One table: its file under the shared data, its target, what both sides leave out, how it is read."""

    name: str
    file: str
    target: str
    kind: str
    drop: tuple[str, ...] = ()
    separator: str = ","


CASES = (
    Case("telco", "telco_customer_churn.csv", "Churn", "binary", ("customerID",)),
    Case("bank", "bank_semicolon.csv", "y", "binary", separator=";"),
    Case("german", "german_credit_named.csv", "credit_risk", "binary"),
    Case("titanic", "titanic_train.csv", "Survived", "binary", ("PassengerId",)),
    Case("credit_card", "credit_card_default.csv.gz", "default.payment.next.month", "binary", ("ID",)),
    Case("bike", "bike_sharing_hour.csv.gz", "cnt", "regression", ("instant", "casual", "registered")),
    Case("cpu_act", "cpu_act.tsv.gz", "target", "regression", separator="\t"),
    Case("salaries", "employee_salaries.csv.gz", "current_annual_salary", "regression"),
)
BY_NAME = {case.name: case for case in CASES}
SMALL = ("german", "titanic", "cpu_act")


def main(*, full: bool = False) -> str:
    """Run what has not been run, and print the table; the small set takes about two minutes."""
    names = tuple(BY_NAME) if full else SMALL
    seconds, seeds = (60.0, range(5)) if full else (8.0, range(2))
    for name in names:
        for seed in seeds:
            for side in SIDES:
                run_cell(side, name, seed, seconds)
    return table(names, seconds)


def run_cell(side: str, name: str, seed: int, seconds: float, *, results: Path = RESULTS) -> None:
    """Run one cell in a process on one core, unless its line is there."""
    key = {"side": side, "table": name, "seed": seed, "seconds": seconds}
    if any({field: row[field] for field in key} == key for row in read(results)):
        return
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    command = [sys.executable, "-m", "tests.benchmarks.quality_and_flaml", json.dumps(key)]
    done = subprocess.run(
        command,
        cwd=REPO,
        env=os.environ | threads,
        capture_output=True,
        text=True,
        check=False,
        timeout=20 * seconds + 600,
    )
    if done.returncode:
        raise RuntimeError(f"{side} on {name} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as lines:
        lines.write(done.stdout.strip().splitlines()[-1] + "\n")


def read(results: Path = RESULTS) -> list[dict[str, Any]]:
    """Every line that was written."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def cell(key: dict[str, Any]) -> dict[str, Any]:
    """Learn one table by one side, and score rows that it has not seen."""
    core = int(os.environ.get("PENSTOCK_BENCH_CORE", max(os.sched_getaffinity(0))))
    os.sched_setaffinity(0, {core})
    case = BY_NAME[key["table"]]
    frame = pd.read_csv(SHARED_DATA / "tabular" / case.file, sep=case.separator).drop(columns=list(case.drop))
    y = frame.pop(case.target).to_numpy()
    is_binary = case.kind == "binary"
    truth = (y == sorted(set(y))[1]).astype(int) if is_binary else y.astype(float)
    at = train_test_split(
        np.arange(len(y)), test_size=TEST_SIZE, random_state=key["seed"], stratify=y if is_binary else None
    )
    learn = {"flaml": by_flaml, "penstock": by_penstock}[key["side"]]
    answers, note = learn(frame, truth, at, case.kind, key)
    score = roc_auc_score(truth[at[1]], answers) if is_binary else r2_score(truth[at[1]], answers)
    return key | {"score": float(score), "load": os.getloadavg()[0]} | note


def by_flaml(
    frame: pd.DataFrame, y: Any, at: Sequence[Any], kind: str, key: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """FLAML's default estimators."""
    from flaml import AutoML

    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype("category")
    automl, (train, held) = AutoML(), at
    started = time.monotonic()
    automl.fit(
        frame.iloc[train],
        y[train],
        task="classification" if kind == "binary" else "regression",
        metric="roc_auc" if kind == "binary" else "r2",
        time_budget=key["seconds"],
        n_jobs=1,
        seed=key["seed"],
        verbose=0,
    )
    took = time.monotonic() - started
    rows = frame.iloc[held]
    answers = automl.predict_proba(rows)[:, 1] if kind == "binary" else automl.predict(rows)
    return answers, {"took": took, "model": automl.best_estimator, "expected": 1 - float(automl.best_loss)}


def by_penstock(
    frame: pd.DataFrame, y: Any, at: Sequence[Any], kind: str, key: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Penstock's search over all candidates with its defaults."""
    from projects.evaluation.metrics import BY_NAME as METRICS
    from projects.features import read_features
    from projects.learning.candidates.listing import choose
    from projects.learning.compare import rows_to_compare
    from projects.learning.contest import Contest, Ground
    from projects.preparation import preparation
    from projects.progress import Progress
    from projects.requirement.model import Cleaning, Ensembles, FeatureSection, Tuning

    started, (train, held) = time.monotonic(), at
    frame, dates = with_dates(frame)
    features = read_features(frame, dates=dates)
    X = features.frame
    X_train, X_held = X.iloc[train].reset_index(drop=True), X.iloc[held].reset_index(drop=True)
    task: Any = kind
    classes = (0, 1) if kind == "binary" else None
    seed = key["seed"]
    rows = rows_to_compare(X_train, y[train], task, classes, folds=5, most_rows=20_000, seed=seed)

    def prepare(style: Any) -> list[tuple[str, Any]]:
        return preparation(inputs, FeatureSection(), Cleaning(), style=style, task=task, seed=seed)

    inputs = features.inputs
    ground = Ground(rows, X_train, y[train], X_held, y[held], features.columns, prepare)
    metric = METRICS["roc_auc" if kind == "binary" else "r2"]
    lines: list[str] = []
    winner = Contest(
        ground,
        choose(["all"], task),
        metric,
        Tuning(seconds=key["seconds"] - BESIDE_THE_SEARCH),
        Ensembles(),
        Progress(3, write=lines.append),
        seed=seed,
    ).run()
    took = time.monotonic() - started
    if os.environ.get("PENSTOCK_BENCH_SAY"):
        sys.stderr.write("".join(lines))
    said = winner.answers
    answers = said.probabilities[:, 1] if kind == "binary" else said.predictions
    model = " + ".join(f"{part.weight:.2f} {part.name}" for part in winner.members)
    expected = winner.tuning.validation.means[metric.name]
    return answers, {"took": took, "model": model, "expected": expected, "costs": dict(winner.costs)}


def with_dates(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Write dates as ISO texts, as the ingest does; return which columns hold them."""
    found, made = [], frame.copy(deep=False)
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name]):
            continue
        for form in ("%Y-%m-%d", "%m/%d/%Y"):
            days = pd.to_datetime(frame[name], format=form, errors="coerce")
            if days.notna().sum() == frame[name].notna().sum():
                made[name] = days.dt.strftime("%Y-%m-%d").astype(object)
                found.append(name)
                break
    return made, found


def table(names: Sequence[str], seconds: float, *, results: Path = RESULTS) -> str:
    """Mean scores a table, the mean paired difference and its 95 % interval, and the totals a kind."""
    lines = [f"held-out score, {seconds:g} s and one core a table (AUC, R2)"]
    lines.append(f"{'table':12} {'seeds':>5} {'FLAML':>8} {'Penstock':>8} {'difference':>11}  95 % interval")
    for kind in ("binary", "regression"):
        kept = []
        for name in names:
            pairs = _pairs(name, seconds, results) if BY_NAME[name].kind == kind else []
            if pairs:
                kept.append(_line(name, pairs, lines))
        if kept:
            mean = [statistics.mean(side) for side in zip(*kept, strict=True)]
            lines.append(f"{'mean ' + kind:18} {mean[0]:8.4f} {mean[1]:8.4f} {mean[1] - mean[0]:+11.4f}")
    return "\n".join(lines)


def _pairs(name: str, seconds: float, results: Path) -> list[tuple[float, float]]:
    found = {
        (row["side"], row["seed"]): row["score"]
        for row in read(results)
        if row["table"] == name and row["seconds"] == seconds
    }
    seeds = sorted({seed for _, seed in found})
    both = [seed for seed in seeds if all((side, seed) in found for side in SIDES)]
    return [(found["flaml", seed], found["penstock", seed]) for seed in both]


def _line(name: str, pairs: list[tuple[float, float]], lines: list[str]) -> tuple[float, float]:
    differences = [ours - theirs for theirs, ours in pairs]
    mean, half = statistics.mean(differences), 0.0
    if len(pairs) > 1:
        error = statistics.stdev(differences) / len(pairs) ** 0.5
        half = float(stats.t.ppf(0.975, len(pairs) - 1)) * error
    theirs, ours = (statistics.mean(side) for side in zip(*pairs, strict=True))
    verdict = "" if mean + half >= LOWEST else "  BELOW"
    interval = f"{mean - half:+.4f} {mean + half:+.4f}"
    lines.append(f"{name:12} {len(pairs):5} {theirs:8.4f} {ours:8.4f} {mean:+11.4f}  {interval}{verdict}")
    return theirs, ours


if __name__ == "__main__":
    sys.stdout.write(json.dumps(cell(json.loads(sys.argv[1])), default=str) + "\n")
