"""A batch: a file of rows in, the same rows with their predictions out."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.hints import shown
from projects.ingest.cells import as_numbers, as_texts
from projects.ingest.chunks import WRITERS, read_chunks, writer_for
from projects.ingest.source import suffix_of
from projects.scorer import Version
from serving.plan.model import Column


def predict_file(
    version: Version, data: Path, output: Path, *, chunk_rows: int, say: Callable[[str], None]
) -> int:
    """Score every row of `data` into `output`, which appears whole or not at all; return the row count.

    Raises:
        BadInput: The file cannot be read, a column is missing, or a cell does not fit its column.
    """
    suffix = output.suffix.lower()
    if suffix not in WRITERS:
        raise BadInput(f"the output '{output.name}' must end in {', '.join(WRITERS)}")
    if not output.parent.is_dir():
        raise BadInput(f"there is no folder '{output.parent}' for the output")
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    writer, done = writer_for(part, suffix), 0
    try:
        for chunk in read_chunks(data, chunk_rows):
            if chunk.empty:
                continue
            writer.write(_scored(version, chunk, done))
            done += len(chunk)
            say(f"{done} rows")
        writer.close()
        if done == 0:
            raise BadInput(f"'{data}' has a header but no rows")
        part.replace(output)
    finally:
        writer.close()
        part.unlink(missing_ok=True)
    return done


def default_output(data: Path) -> Path:
    """Name the output after the data: `day.csv.gz` gives `day.predictions.csv`."""
    suffix = suffix_of(data)
    stem = data.name[: data.name.lower().rindex(suffix)]
    return data.with_name(f"{stem}.predictions{suffix if suffix in WRITERS else '.jsonl'}")


def _scored(version: Version, chunk: pd.DataFrame, first_row: int) -> pd.DataFrame:
    features = read_inputs(chunk, version.scorer.columns, first_row)
    answer = version.scorer.score(features)
    added = {"prediction": answer.predictions, **answer.probabilities}
    added["model_version"] = [f"{version.name}/{version.number}"] * len(chunk)
    for name in added:
        if name in chunk.columns:
            raise BadInput(f"the table already has a column '{name}', which the answer would add; rename it")
    return pd.concat([chunk.reset_index(drop=True), pd.DataFrame(added)], axis=1)


def read_inputs(chunk: pd.DataFrame, columns: Sequence[Column], first_row: int) -> pd.DataFrame:
    """Read the model's columns out of a chunk, as training read them.

    Raises:
        BadInput: A required column is missing, or a cell is no number where one is needed.
    """
    missing = [column.name for column in columns if column.required and column.name not in chunk.columns]
    if missing:
        there = ", ".join(map(str, chunk.columns[:12]))
        raise BadInput(f"the table lacks {', '.join(repr(name) for name in missing)}; it has {there}")
    return pd.DataFrame({column.name: _cells(chunk, column, first_row) for column in columns})


def _cells(chunk: pd.DataFrame, column: Column, first_row: int) -> "pd.Series[Any]":
    if column.name not in chunk.columns:
        gap = np.nan if column.type == "double" else None
        return pd.Series([gap] * len(chunk), dtype="float64" if column.type == "double" else "object")
    cells = chunk[column.name].reset_index(drop=True)
    if column.type == "string":
        return as_texts(cells)
    numbers, others = as_numbers(cells)
    wrong = np.flatnonzero((others | np.isinf(numbers)).to_numpy())
    if len(wrong):
        row, cell = first_row + int(wrong[0]), shown(cells.iloc[wrong[0]])
        raise BadInput(f"column '{column.name}' must hold finite numbers; row {row} has {cell}")
    return numbers
