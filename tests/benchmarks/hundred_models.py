"""What watching many models costs: a round over windows of 5,000 rows and 20 columns, each model's own.

A round checks every live window and judges every closed one: drift of 20 features and the predictions,
traffic, measured and estimated quality. Beside it: the same with an Evidently report of each model.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import psutil
from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry

from monitoring.history import History
from monitoring.lane_check import Drawing
from monitoring.metrics import MonitorMetrics
from monitoring.monitor import Monitor
from monitoring.registry import Registry
from serving.lifecycle.database import Database
from serving.prediction_log import layout, outcomes
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.seal import seal, seal_outcomes
from serving.prediction_log.segment import SegmentWriter
from serving.settings import Settings, load

NUMBERS, WORDS, ROWS, AT_ONCE = 16, 4, 5_000, 25
INTERVAL_S = 300.0
START_S = 1_785_499_200.0
COLUMNS = (*(f"number {place}" for place in range(NUMBERS)), *(f"word {place}" for place in range(WORDS)))
LABELLED_SHARE, TARGET_CORES = 0.2, 0.2


def main(*, full: bool = False) -> str:
    """Three rounds over 20 models (100 with `full`), each with rows of its own."""
    models, reports = (100, 10) if full else (20, 3)
    with tempfile.TemporaryDirectory() as place, _quiet():
        folder = Path(place)
        uri = f"sqlite:///{folder}/mlflow.db"
        mlflow.set_tracking_uri(uri)
        names = _register(MlflowClient(uri), folder, models)
        settings = replace(
            load({"PENSTOCK_VAR_DIR": str(folder / "var"), "PENSTOCK_TRACKING_URI": uri}),
            monitor_window_s=INTERVAL_S,
            monitor_interval_s=INTERVAL_S,
            monitor_backfill_windows=1,
        )
        clock_s = [START_S]
        history = History(Database(settings.database_url))
        metrics = MonitorMetrics(CollectorRegistry())
        monitor = Monitor(settings, Registry(MlflowClient(uri), uri), metrics, history, lambda: clock_s[0])
        spent = [_round(monitor, settings, names, clock_s, Drawing.NONE) for _ in range(4)]
        _answer(settings, names, clock_s)
        monitor.models()
        with_reports = _cpu_s(lambda: monitor.round(names[:reports], drawing=Drawing.ALL)) / reports * models
        judged = len(history.last(10_000, model=names[0]))
    first, steady = spent[0], float(np.median(spent[1:]))
    resident = psutil.Process(os.getpid()).memory_info().rss / 1e6
    title = f"{models} models, {len(COLUMNS)} columns, windows of {ROWS:,} rows every {INTERVAL_S:g} s"
    lines = [
        f"{title}; {judged} closed windows of each were judged; {resident:.0f} MB resident",
        "",
        f"{'':<44}{'CPU s a round':>14}{'cores':>8}",
    ]
    for name, seconds in (
        ("first round, references fetched and learned", first),
        ("a round", steady),
        (f"a round with an Evidently report each ({reports} made)", steady + with_reports),
    ):
        lines.append(f"{name:<44}{seconds:>14.1f}{seconds / INTERVAL_S:>8.3f}")
    cores = steady / INTERVAL_S * 100 / models
    lines.append(f"\n100 models: {cores:.3f} of a core; wanted: under {TARGET_CORES:g}")
    return "\n".join(lines)


def _round(
    monitor: Monitor, settings: Settings, names: list[str], clock_s: list[float], drawing: Drawing
) -> float:
    _answer(settings, names, clock_s)
    seconds = _cpu_s(lambda: monitor.round(monitor.models(), drawing=drawing))
    if monitor.failures or len(monitor.results()) != len(names):
        notes = {result.note for result in monitor.results()}
        raise RuntimeError(f"{monitor.failures} failures, {len(monitor.results())} results: {notes}")
    if any(result.drift is None or result.estimate is None for result in monitor.results()):
        raise RuntimeError("a lane was not compared or not estimated")
    return seconds


def _cpu_s(work: object) -> float:
    started = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - started


def _frame(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    numbers = {name: rng.normal(50, 10, rows) for name in COLUMNS[:NUMBERS]}
    words = {name: rng.choice(["red", "green", "blue", "grey"], rows) for name in COLUMNS[NUMBERS:]}
    return pd.DataFrame(numbers | words)


def _scores(frame: pd.DataFrame) -> np.ndarray:
    return 1 / (1 + np.exp(-(frame["number 0"].to_numpy() - 50) / 5))


def _register(client: MlflowClient, folder: Path, models: int) -> list[str]:
    rng, names = np.random.default_rng(0), []
    for number in range(models):
        home = folder / "files" / str(number)
        home.mkdir(parents=True)
        frame = _frame(2_000, rng)
        scores = _scores(frame)
        frame["prediction"] = (scores > 0.5).astype(np.int64)
        frame["label"] = (rng.random(len(frame)) < scores).astype(np.int64)
        frame["probabilities"] = np.stack([1 - scores, scores], axis=1).tolist()
        frame.to_parquet(home / "reference.parquet")
        names.append(f"model {number:03}")
        client.create_registered_model(names[-1])
        client.create_model_version(names[-1], home.as_uri(), tags={"penstock.task": "binary"})
    return names


def _answer(settings: Settings, names: list[str], clock_s: list[float]) -> None:
    """One window's traffic of every model, all of it sealed but the newest fifth."""
    log = settings.prediction_log_dir
    start_s = clock_s[0] // INTERVAL_S * INTERVAL_S + 7.0
    rng = np.random.default_rng(int(start_s))
    for is_live in (False, True):
        writer = SegmentWriter(log, max_bytes=64 << 20, max_age_s=1e9)
        told = SegmentWriter(layout.outcomes_dir(log), max_bytes=64 << 20, max_age_s=1e9)
        share = 0.2 if is_live else 0.8
        for name in names:
            late_s = (0.75 if is_live else 0.0) * INTERVAL_S
            _write(writer, told, name, int(ROWS * share), start_s + late_s, rng=rng)
        writer.close()
        told.close()
        if not is_live:
            seal(log)
            seal_outcomes(log)
    clock_s[0] = (start_s // INTERVAL_S + 1) * INTERVAL_S + 6.0


def _write(
    writer: SegmentWriter,
    told: SegmentWriter,
    model: str,
    rows: int,
    start_s: float,
    *,
    rng: np.random.Generator,
) -> None:
    frame = _frame(rows, rng)
    scores = _scores(frame)
    labels = rng.random(rows) < scores
    cells = frame.to_numpy().tolist()
    for first in range(0, rows, AT_ONCE):
        when_s = start_s + 0.15 * INTERVAL_S * first / rows
        mine = slice(first, first + AT_ONCE)
        name = new_prediction_id(lambda when_s=when_s: when_s)
        shares = [[1 - score, score] for score in scores[mine].tolist()]
        said = [int(score > 0.5) for score in scores[mine].tolist()]
        writer.append(
            encode(
                Record(
                    name,
                    when_s,
                    model,
                    "1",
                    "champion",
                    False,
                    None,
                    None,
                    COLUMNS,
                    cells[mine],
                    said,
                    shares,
                    900,
                )
            )
        )
        if rng.random() < LABELLED_SHARE:
            for row, label in enumerate(labels[mine].tolist()):
                told.append(
                    outcomes.encode(Outcome(f"{name}-{row}", str(int(label)), None, when_s + 1, when_s + 1))
                )


@contextmanager
def _quiet() -> Iterator[None]:
    before = dict(os.environ)
    os.environ |= {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "DO_NOT_TRACK": "true"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    print(main())
