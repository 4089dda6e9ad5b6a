"""The entry point `split`: a table in three files, to learn from, to validate on and to hold out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from projects.ingest.engine import text_of
from projects.rows import Clean, clean_rows, told_place
from projects.sampling.frame import frame_of
from projects.sampling.rows_file import ROW, connected, scan
from projects.shell import connect
from projects.splitting import Divided, divide, read_marks
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import keep, log_outcome, with_run_resolved, workspace
from projects.target import read_target
from projects.tracking import started_run
from serving.settings import Settings


def _split(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    place = told_place(asked.requirement.data_source)
    with started_run(f"split {place}") as tracker, workspace(settings, "split") as folder:
        tracker.parameters(asked.given)
        clean = clean_rows(with_run_resolved(asked.requirement, folder), folder / "read", asked.say)
        divided, rows = _divided(clean, asked)
        parts = {"train": divided.train, "validation": divided.validation, "test": divided.test}
        (folder / "parts").mkdir()
        for name, at in parts.items():
            _write(clean.parquet, rows[at], folder / "parts" / f"{name}.parquet")
        where = keep(asked, folder / "parts")
        counts = {f"{name}_samples": len(at) for name, at in parts.items()}
        asked.say(f"{divided.strategy}: " + ", ".join(f"{n} {c:,}" for n, c in counts.items()) + f": {where}")
        tracker.tags({"penstock.kind": "split", "penstock.data_sha256": clean.sha256})
        tracker.metrics(counts)
        found = {"status": "success", "strategy": divided.strategy, **counts, "output": where}
        return log_outcome(found, "split")


def _divided(clean: Clean, asked: Asked) -> tuple[Divided, Any]:
    """Divide the rows that have a target; return the division and where those rows are in the file."""
    requirement = asked.requirement
    split = requirement.split
    named = (clean.target or requirement.target, split.group_column, split.time_column)
    there = {column.name for column in clean.columns}
    frame = frame_of(clean.parquet, [name for name in dict.fromkeys(named) if name and name in there])
    target = read_target(frame, named[0] or "", requirement.task)
    rows = frame.iloc[target.rows].reset_index(drop=True)
    return divide(target, split, read_marks(rows, split), seed=requirement.seed), target.rows


def _write(source: Path, rows: Any, target: Path) -> None:
    with connected() as connection:
        connection.register("wanted", pa.table({"row": np.sort(rows)}))
        connection.execute(
            f"COPY (SELECT * EXCLUDE ({ROW}) FROM {scan(source, numbered=True)} rows"
            f" SEMI JOIN wanted ON rows.{ROW} = wanted.row ORDER BY {ROW})"
            f" TO {text_of(str(target))} (FORMAT parquet)"
        )


STEP = Step(
    name="split",
    description="Split a table into rows to learn from, to validate on and to hold out.",
    parameters=("data", "target", "task", "seed"),
    work=_split,
    options=(
        Option("test_size", "the share of all rows to hold out", "split.test_size"),
        Option("validation_size", "the share of all rows to validate on", "split.validation_size"),
        Option("strategy", "auto, random, stratified, group or time", "split.strategy"),
        Option("group_column", "rows of one group stay together", "split.group_column"),
        Option("time_column", "the latest rows are held out", "split.time_column"),
        Option("output", "a folder for the three files; they are kept with the run in any case"),
    ),
)
