"""The entry point `split`: a table in three files, to learn from, to validate on and to hold out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.engine import text_of
from projects.repeats import find_copies
from projects.requirement.model import Requirement
from projects.rows import Clean, by_clean_names, clean_rows, told_place
from projects.sampling.frame import frame_of
from projects.sampling.rows_file import ROW, connected, row_digests, scan
from projects.shell import connect
from projects.splitting import Divided, divide, read_marks
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import keep, log_outcome, workspace
from projects.target import read_target
from projects.tracking import started_run
from serving.settings import Settings


def _split(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    place = told_place(asked.requirement.data_source)
    with started_run(f"split {place}") as tracker, workspace(settings, "split") as folder:
        tracker.parameters(asked.given)
        clean = clean_rows(asked.requirement, folder / "read", asked.say)
        divided, rows = _divided(clean, by_clean_names(asked.requirement, clean))
        if divided.has_whole_copies:
            asked.say("rows that repeat the columns of another are in one file with it")
        parts = {"train": divided.train, "validation": divided.validation, "test": divided.test}
        if without := clean.rows - len(rows):
            asked.say(f"{counted(without, 'row', 'is')} in no file: the target is missing")
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


def _divided(clean: Clean, requirement: Requirement) -> tuple[Divided, Any]:
    """Divide the rows that have a target; return the division and where those rows are in the file."""
    split, target = requirement.split, requirement.target or clean.target
    there = [column.name for column in clean.columns]
    if not target:
        raise BadInput(f"name the column to predict with -P target=COLUMN; {did_you_mean('', there)}")
    named = dict.fromkeys(name for name in (target, split.group_column, split.time_column) if name)
    for name in named:
        if name not in there:
            raise BadInput(f"there is no column '{name}' to split by; {did_you_mean(name, there)}")
    frame = frame_of(clean.parquet, list(named))
    found = read_target(frame, target, requirement.task, is_text=target in clean.texts)
    rows = frame.iloc[found.rows].reset_index(drop=True)
    digests = row_digests(clean.parquet, [name for name in there if name != target])[found.rows]
    copies = find_copies(digests, found.truth, has_classes=found.classes is not None)
    marks = replace(read_marks(rows, split), copies=copies)
    return divide(found, split, marks, seed=requirement.seed), found.rows


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
