"""From what a requirement names to the rows that are learned from: clean, with what was asked decided.

source -> folder of clean rows -> sentence and columns resolved -> quality report -> sample
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from projects.beyond_memory.memory import BYTES_A_CELL, learning_bytes
from projects.compute.crew import crew_of
from projects.counted import agreeing, counted
from projects.errors import BadInput
from projects.ingest.publish import LINEAGE, LINES, PLAN, ROWS, SCHEMA
from projects.ingest.run import ingest
from projects.ingest.schema import ColumnSchema, read_schema
from projects.passwords import shown
from projects.requirement.model import ColumnCleaning, Database, Requirement, Tables
from projects.requirement.resolve import Resolved, resolve
from projects.requirement.seen import ColumnSeen, see_frame
from projects.run_rows import RUN, fetch_rows
from projects.sampling.decide import Decision, announcement, decide
from projects.sampling.draw import draw
from projects.splitting import FEWEST_ROWS

if TYPE_CHECKING:
    from distributed import Client

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
        return self._of_type("date")

    @property
    def texts(self) -> frozenset[str]:
        """The columns of texts."""
        return self._of_type("text")

    @property
    def truths(self) -> frozenset[str]:
        """The columns of true and false."""
        return self._of_type("boolean")

    def _of_type(self, kind: str) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.type == kind)


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


def read_rows(asked: Requirement, folder: Path, say: Say, *, client: "Client | None" = None) -> TableRows:
    """Read what a requirement names.

    Args:
        asked: The requirement.
        folder: An empty folder of this run's own.
        say: Tells a person what is read as what.
        client: Of a cluster that shares the work.

    Raises:
        BadInput: The data cannot be used, or the target is not known.
    """
    as_written, clean = asked, clean_rows(asked, folder / "clean", say, client=client)
    asked = by_clean_names(asked, clean)
    resolved = resolve(asked, (*_seen(clean), *_seen_aside(asked, clean, folder)))
    main = resolved.requirement.tables.main
    if resolved.table and resolved.table != clean.name and main != asked.tables.main:
        say(f"the target lies in the table '{resolved.table}', so that table gives the rows")
        named = {"tables": resolved.requirement.tables, "target": resolved.requirement.target}
        clean = clean_rows(as_written.model_copy(update=named), folder / "again", say, client=client)
    for reason in resolved.reasons:
        say(reason)
    most = learning_bytes(asked.sampling.memory) // (BYTES_A_CELL * max(1, len(clean.columns)))
    decision = decide(clean.rows, asked.sampling, most=most)
    if decision.is_sample and decision.rows < FEWEST_ROWS:
        raise BadInput(
            f"a sample of {counted(decision.rows, 'row')} is too small to learn from; set"
            f" sampling.sample_size to {FEWEST_ROWS} at least, or full"
        )
    target = resolved.requirement.target or clean.target
    frame = with_truths(draw(clean.parquet, decision, target=target, say=say), clean, target)
    if decision.is_sample:
        say(f"careful: {decision.sentence}")
    requirement = resolved.requirement.model_copy(update={"target": target})
    return TableRows(clean, asked, replace(resolved, requirement=requirement), decision, frame)


def by_clean_names(asked: Requirement, clean: Clean) -> Requirement:
    """Name columns as the clean rows do, where a person named them as the files do."""
    there = {column.name for column in clean.columns}
    renamed = {each.original: each.name for each in clean.columns if each.original not in there}
    if not renamed:
        return asked

    def many(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(renamed.get(name, name) for name in names)

    def one(name: str | None) -> str | None:
        return None if name is None else renamed.get(name, name)

    pairs = asked.features.interactions
    features = {
        "drop": many(asked.features.drop),
        "interactions": pairs if isinstance(pairs, str) else tuple(many(pair) for pair in pairs),
        "text": asked.features.text.model_copy(
            update={"columns": many(asked.features.text.columns)}
            | {role: one(getattr(asked.features.text, role)) for role in ("title", "source", "published")}
        ),
    }
    split = {name: one(getattr(asked.split, name)) for name in ("group_column", "time_column")}
    looked_at = {name: many(getattr(asked.evaluation, name)) for name in ("segments", "groups")}
    columns = {renamed.get(name, name): column for name, column in asked.cleaning.columns.items()}
    return asked.model_copy(
        update={
            "target": renamed.get(asked.target, asked.target),
            "features": asked.features.model_copy(update=features),
            "split": asked.split.model_copy(update=split),
            "sampling": asked.sampling.model_copy(update={"time_column": one(asked.sampling.time_column)}),
            "evaluation": asked.evaluation.model_copy(update=looked_at),
            "cleaning": asked.cleaning.model_copy(update={"columns": columns}),
        }
    )


def with_truths(frame: pd.DataFrame, clean: Clean, target: str) -> pd.DataFrame:
    """Make a target of truths true and false again: they are labels, not numbers."""
    kinds = {column.name: column.type for column in clean.columns}
    if kinds.get(target) == "boolean":
        frame[target] = frame[target].map({1.0: True, 0.0: False}).astype(object)
    return frame


def clean_rows(
    asked: Requirement,
    folder: Path,
    say: Say,
    *,
    earlier: Path | None = None,
    client: "Client | None" = None,
) -> Clean:
    """Make a folder of clean rows, or take the one that the requirement names.

    Args:
        asked: The requirement.
        folder: Where the rows go.
        say: Tells a person what is read as what.
        earlier: A folder that may hold the rows of the same files by the same options.
        client: Of a cluster that shares the work.

    Raises:
        BadInput: The data cannot be used.
    """
    source = asked.data_source
    if not source:
        raise BadInput("name the data with -P data=: a file, a folder, a glob, s3://... or sklearn:NAME")
    place = told_place(source)
    if isinstance(source, str) and source.startswith(RUN):
        source = str(fetch_rows(source, folder.with_name(f"{folder.name}-fetched")))
    if isinstance(source, str) and is_clean(source):
        return _taken(asked, Path(source), folder, place, say)
    for each in (source,) if isinstance(source, str) else source if isinstance(source, tuple) else ():
        if Path(each).is_file() and (sentence := announcement(each, Path(each).stat().st_size)):
            say(sentence)
    plan = Path(asked.cleaning.plan) if asked.cleaning.plan else None
    made = ingest(
        source, folder, tables=asked.tables, cleaning=asked.cleaning, rules=asked.validation,
        target=asked.target, plan=plan, plan_at=_plan_at(folder, place), earlier=earlier, say=say,
        crew=crew_of(client, say),
    )  # fmt: skip
    aside = tuple(table.name for table in made.tables if table.role == "aside")
    return Clean(made.folder, made.name, place, made.rows, made.columns, made.sha256, made.target, aside)


def _plan_at(folder: Path, place: str) -> Path:
    """Where a cleaning plan waits for a person: beside this run's own folder, which is removed at its end."""
    stem = "".join(mark if mark.isalnum() else "_" for mark in Path(place).name) or "data"
    return folder.parent.with_name(f"cleaning_plan_{stem[:80]}.yaml").absolute()


def is_clean(place: str) -> bool:
    """Whether a place is a folder of clean rows, or the run that left one."""
    if place.startswith(RUN):
        return "/" not in place.removeprefix(RUN)
    return all((Path(place) / name).is_file() for name in (ROWS, SCHEMA, LINEAGE))


def _taken(asked: Requirement, given: Path, folder: Path, place: str, say: Say) -> Clean:
    """Take rows that are clean already, by links: what is written beside them stays with this run."""
    folder.mkdir(parents=True)
    for name in (ROWS, LINES, SCHEMA, LINEAGE, PLAN):
        if (given / name).is_file():
            (folder / name).symlink_to((given / name).resolve())
    columns, told = read_schema(folder), json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
    sha256 = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))["sha256"]
    are = agreeing(told["rows"], "is")
    say(f"{counted(told['rows'], 'row')} of {place} {are} clean already and taken as found")
    demands = {
        "validation": bool(asked.validation),
        "cleaning.columns": any(
            each != ColumnCleaning(missing_strategy=each.missing_strategy)
            for each in asked.cleaning.columns.values()
        ),
        "cleaning.duplicates": asked.cleaning.duplicates == "drop",
        "cleaning.approve": asked.cleaning.approve == "ask",
    }
    if unheard := [name for name, is_asked in demands.items() if is_asked]:
        say(f"careful: {' and '.join(unheard)} counted when these rows were made, and not again now")
    return Clean(folder, told["table"], place, told["rows"], columns, sha256, told["target"])


def told_place(source: Any) -> str:
    """Name a source, without what a database's address may hold of secrets."""
    if isinstance(source, Database):
        return f"database ({source.table or 'a query'})"
    return shown(source if isinstance(source, str) else ", ".join(source))


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
