"""From what a requirement names to the rows that are learned from: clean, with what was asked decided.

source -> folder of clean rows -> sentence and columns resolved -> quality report -> sample
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from projects.errors import BadInput
from projects.ingest.publish import LINEAGE, ROWS, SCHEMA
from projects.ingest.run import ingest
from projects.ingest.schema import ColumnSchema, read_schema
from projects.requirement.model import Database, Requirement, Tables
from projects.requirement.resolve import Resolved, resolve
from projects.requirement.seen import ColumnSeen, see_frame
from projects.sampling.decide import Decision, announcement, decide
from projects.sampling.draw import draw

Say = Callable[[str], None]
SEEN_ROWS = 20_000
"""A sentence is understood by so many rows' values."""


@dataclass(frozen=True)
class Clean:
    """A folder of clean rows.

    Attributes:
        folder: Where.
        name: The table's name.
        place: Where the rows came from, in words.
        rows: How many.
        columns: What they are.
        sha256: The digest of the data as it was found.
        target: The column to predict, where the source knows it.
        aside: The source's tables that are not in the rows.
    """

    folder: Path
    name: str
    place: str
    rows: int
    columns: tuple[ColumnSchema, ...]
    sha256: str
    target: str
    aside: tuple[str, ...] = ()

    @property
    def parquet(self) -> Path:
        """The rows."""
        return self.folder / ROWS

    @property
    def dates(self) -> frozenset[str]:
        """The columns of dates."""
        return frozenset(column.name for column in self.columns if column.type == "date")


@dataclass(frozen=True)
class TableRows:
    """The rows of one training.

    Attributes:
        clean: All of them.
        original: What was asked.
        resolved: The same with everything decided.
        decision: How many are learned from.
        frame: Those, by their position in the clean rows: float64 columns, and objects of str and None.
    """

    clean: Clean
    original: Requirement
    resolved: Resolved
    decision: Decision
    frame: pd.DataFrame

    @property
    def asked(self) -> Requirement:
        """The requirement, with everything decided."""
        return self.resolved.requirement


def read_rows(asked: Requirement, folder: Path, say: Say) -> TableRows:
    """Read what a requirement names.

    Args:
        asked: The requirement.
        folder: An empty folder of this run's own.
        say: Tells a person what is read as what.

    Raises:
        BadInput: The data cannot be used, or the target is not known.
    """
    clean = clean_rows(asked, folder / "clean", say)
    resolved = resolve(asked, (*_seen(clean), *_seen_aside(asked, clean, folder)))
    main = resolved.requirement.tables.main
    if resolved.table and resolved.table != clean.name and main != asked.tables.main:
        say(f"the target lies in the table '{resolved.table}', so that table gives the rows")
        clean = clean_rows(resolved.requirement, folder / "again", say)
    for reason in resolved.reasons:
        say(reason)
    decision = decide(clean.rows, asked.sampling)
    target = resolved.requirement.target or clean.target
    frame = _with_truths(draw(clean.parquet, decision, target=target, say=say), clean, target)
    if decision.is_sample:
        say(f"careful: {decision.sentence}")
    requirement = resolved.requirement.model_copy(update={"target": target})
    return TableRows(clean, asked, replace(resolved, requirement=requirement), decision, frame)


def _with_truths(frame: pd.DataFrame, clean: Clean, target: str) -> pd.DataFrame:
    """Make a target of truths true and false again: they are labels, not numbers."""
    kinds = {column.name: column.type for column in clean.columns}
    if kinds.get(target) == "boolean":
        frame[target] = frame[target].map({1.0: True, 0.0: False}).astype(object)
    return frame


def clean_rows(asked: Requirement, folder: Path, say: Say) -> Clean:
    """Make a folder of clean rows, or take the one that the requirement names.

    Raises:
        BadInput: The data cannot be used.
    """
    source = asked.data_source
    if not source:
        raise BadInput("name the data with -P data=: a file, a folder, a glob, s3://... or sklearn:NAME")
    if isinstance(source, str) and (Path(source) / ROWS).is_file() and (Path(source) / LINEAGE).is_file():
        return _taken(Path(source))
    for place in (source,) if isinstance(source, str) else source if isinstance(source, tuple) else ():
        if Path(place).is_file() and (sentence := announcement(place, Path(place).stat().st_size)):
            say(sentence)
    made = ingest(
        source, folder, tables=asked.tables, cleaning=asked.cleaning, rules=asked.validation,
        target=asked.target, say=say,
    )  # fmt: skip
    aside = tuple(table.name for table in made.tables if table.role == "aside")
    return Clean(
        made.folder, made.name, told_place(source), made.rows, made.columns, made.sha256, made.target, aside
    )


def _taken(folder: Path) -> Clean:
    told = json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
    sha256 = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))["sha256"]
    return Clean(
        folder, told["table"], str(folder), told["rows"], read_schema(folder), sha256, told["target"]
    )


def told_place(source: Any) -> str:
    """Name a source, without what a database's address may hold of secrets."""
    if isinstance(source, Database):
        return f"database ({source.table or 'a query'})"
    return source if isinstance(source, str) else ", ".join(source)


def _seen_aside(asked: Requirement, clean: Clean, folder: Path) -> list[ColumnSeen]:
    """See the tables that are not in the rows too: a sentence may speak of a column in one of them."""
    if asked.target or not asked.objective:
        return []
    seen: list[ColumnSeen] = []
    for number, name in enumerate(clean.aside):
        tables = Tables(main=name, join="none")
        alone = asked.model_copy(update={"tables": tables, "validation": ()})
        seen += _seen(clean_rows(alone, folder / f"aside-{number}", lambda _: None))
    return seen


def _seen(clean: Clean) -> tuple[ColumnSeen, ...]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(clean.parquet) as file:
        rows = next(file.iter_batches(batch_size=SEEN_ROWS), None)
    return () if rows is None else see_frame(rows.to_pandas(), clean.name)
