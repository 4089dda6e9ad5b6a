"""Any source becomes a folder of clean rows.

discover files -> read each -> group into tables -> tell every column's type from all its rows -> join
-> plan (printed, saved, corrected) -> rows.parquet -> rules, repeats -> rows.jsonl -> schema, lineage
"""

import datetime as dt
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.ingest.approval import Ask, at_terminal, wait_for_approval
from projects.ingest.assemble import Assembly, assemble
from projects.ingest.discover import Discovery, Source, discover
from projects.ingest.engine import open_engine
from projects.ingest.fix import Fix, fixes_of
from projects.ingest.group import group
from projects.ingest.lineage import digest_of_sources, write_lineage
from projects.ingest.main_table import choose_main, plan_joins
from projects.ingest.plan import Plan, make_plan
from projects.ingest.plan_file import read_plan, save_plan
from projects.ingest.plan_words import describe
from projects.ingest.publish import LINEAGE, PLAN, SCHEMA, new_folder
from projects.ingest.raw import Facts, Skipped
from projects.ingest.rows_out import write_rows
from projects.ingest.schema import ColumnSchema, columns_of, write_schema
from projects.ingest.steps import Steps
from projects.ingest.typed import TypedTable, check_fixes, find_name, retyped, type_table
from projects.ingest.words import counted
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Cleaning, Database, Rule, Tables


@dataclass(frozen=True)
class TableFound:
    """A table of the source.

    Attributes:
        name: What it is called.
        rows: Its rows.
        columns: Its columns.
        role: `main`, `joined` or `aside`.
    """

    name: str
    rows: int
    columns: tuple[str, ...]
    role: str


@dataclass(frozen=True)
class Ingested:
    """A folder of clean rows.

    Attributes:
        folder: Where they are.
        name: The main table's name, valid as a registered model's.
        rows: How many.
        columns: Their columns.
        sha256: The digest of the data as it was found.
        notices: What a person should know, in order of what happened.
        sources: Every file that was read.
        skipped: Every file that was left out, and why.
        tables: The tables found.
        target: The column to predict, where it was named or the source knows it.
    """

    folder: Path
    name: str
    rows: int
    columns: tuple[ColumnSchema, ...]
    sha256: str
    notices: tuple[str, ...]
    sources: tuple[Facts, ...]
    skipped: tuple[Skipped, ...]
    tables: tuple[TableFound, ...]
    target: str = ""


def ingest(
    source: Source, folder: Path, *, tables: Tables = Tables(), cleaning: Cleaning = Cleaning(),
    rules: Sequence[Rule] = (), target: str = "", plan: Path | None = None, ask: Ask | None = None,
    say: Callable[[str], None] = print, clock: Callable[[], float] = time.monotonic,
) -> Ingested:  # fmt: skip
    """Make a folder of clean rows.

    Args:
        source: A file, a folder, a glob, `s3://bucket/prefix`, `sklearn:NAME`, a database, or several places.
        folder: Where the rows go; it appears whole or not at all, in place of an earlier one.
        tables: Which table gives the rows, and how the others are joined.
        cleaning: Corrections of the plan, and whether it is asked for.
        rules: What must hold for the rows.
        target: The column to predict, where it is known.
        plan: A corrected cleaning plan, which is then applied without asking.
        ask: Asks a person and returns when that person has answered; by default at the terminal, if there is one.
        say: Tells a person what happens, line by line.
        clock: Seconds of a clock that only goes forward.

    Raises:
        BadInput: The source, the plan or the data cannot be used; the sentence says why.
    """
    steps = Steps(clock)
    with _sentences(folder), new_folder(folder) as part:
        inner = part / "work"
        inner.mkdir()
        with open_engine(inner / "spill") as engine:
            work = Workspace(inner, engine, say)
            with steps.step("read") as step:
                found = discover(source, work)
                step.rows_out = sum(raw.facts.rows for raw in found.found)
            made = _made(found, tables, cleaning, rules, target, work, steps)
            made = _approved(made, plan, folder, ask or at_terminal(), work)
            result = _written(made, found, part, folder, source, steps, work)
        _remove(inner)
    say(f"{counted(result.rows, 'row')} of {counted(len(result.columns), 'column')} are in {folder}")
    return result


@dataclass(frozen=True)
class _Made:
    """All that is known before the rows are written."""

    plan: Plan
    assembly: Assembly
    typed: tuple[TypedTable, ...]
    fixes: Mapping[str, Fix]
    cleaning: Cleaning
    target: str
    notices: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def _made(
    found: Discovery, tables: Tables, cleaning: Cleaning, rules: Sequence[Rule], target: str, work: Workspace,
    steps: Steps,
) -> _Made:  # fmt: skip
    target = target or next((raw.target for raw in found.found if raw.target), "")
    grouped = group(found.found, found.name, target, work)
    fixes = fixes_of(cleaning.columns)
    check_fixes(fixes, list(grouped.tables))
    with steps.step("types of all cells", sum(table.rows for table in grouped.tables)):
        typed = tuple(type_table(table, fixes, target, work) for table in grouped.tables)
    main, notices = choose_main(typed, tables, target, work)
    with steps.step("keys"):
        joins, told = plan_joins(main, typed, tables, work)
    assembly = assemble(main, joins)
    plan = make_plan(assembly, fixes, cleaning, rules)
    target = _known_target(target, plan)
    skipped = (*found.skipped, *grouped.skipped)
    read = [notice for table in grouped.tables for notice in table.notices]
    left_out = [f"left out {entry.shown}: {entry.reason}" for entry in skipped]
    said = (*left_out, *read, *notices, *told)
    for line in (*said, *describe(plan)):
        work.say(line)
    return _Made(plan, assembly, typed, fixes, cleaning, target, said, skipped)


def _known_target(target: str, plan: Plan) -> str:
    if not target:
        return ""
    by_original = {column.original: column.name for column in plan.kept}
    found = find_name(target, [*(column.name for column in plan.kept), *by_original])
    if found is None:
        raise BadInput(f"the cleaning plan leaves out the target '{target}'; keep it")
    return by_original.get(found, found)


def _approved(made: _Made, plan: Path | None, folder: Path, ask: Ask | None, work: Workspace) -> _Made:
    """Take the corrections out of a plan's file, the one that was given or the one that was asked about."""
    if plan is not None:
        fixes, duplicates, changes = read_plan(plan, made.plan)
    elif made.cleaning.approve == "ask":
        fixes, duplicates, changes = wait_for_approval(made.plan, folder / PLAN, ask, work.say)
    else:
        return made
    work.say("the plan is applied as it is" if not changes else "the plan was corrected:")
    for change in changes:
        work.say(f"  {change}")
    all_fixes = {**made.fixes, **{name: fix.over(made.fixes.get(name, Fix())) for name, fix in fixes.items()}}
    typed = tuple(retyped(table, _fixes_for(table, fixes, made.plan), work) for table in made.typed)
    by_name = {table.name: table for table in typed}
    steps = [
        replace(step, right=by_name[step.right.name], to=by_name[step.to.name])
        for step in made.assembly.steps
    ]
    assembly = assemble(by_name[made.assembly.main.name], steps)
    cleaning = made.cleaning.model_copy(update={"duplicates": duplicates})
    done = make_plan(assembly, all_fixes, cleaning, made.plan.rules)
    target = _known_target(made.target, done)
    notices = (*made.notices, *(f"corrected in the plan: {change}" for change in changes))
    return replace(
        made, plan=done, assembly=assembly, typed=typed, fixes=all_fixes, target=target, notices=notices
    )


def _fixes_for(table: TypedTable, fixes: Mapping[str, Fix], plan: Plan) -> dict[str, Fix]:
    """Give the corrections of a table's columns by their names in it."""
    return {
        column.reading.name: fixes[column.original]
        for column in plan.columns
        if column.original in fixes and column.reading is not None and column.column.table == table.name
    }


def _written(
    made: _Made, found: Discovery, part: Path, folder: Path, source: Source, steps: Steps, work: Workspace
) -> Ingested:
    plan = made.plan
    select = made.assembly.select([(column.name, column.column) for column in plan.kept])
    rows, more = write_rows(select, plan, part, steps, work)
    for notice in more:
        work.say(notice)
    columns, notices = columns_of(plan), (*made.notices, *more)
    files = tuple(raw.facts for raw in found.found)
    sha256 = digest_of_sources(files)
    save_plan(plan, part / PLAN)
    write_schema(part / SCHEMA, plan.table, rows, made.target, columns)
    write_lineage(
        part / LINEAGE, source=_told_source(source), files=files, skipped=made.skipped, steps=steps.done,
        notices=notices, sha256=sha256, created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    tables = tuple(_found(table, made.assembly) for table in made.typed)
    return Ingested(
        folder, plan.table, rows, columns, sha256, notices, files, made.skipped, tables, made.target
    )


def _found(table: TypedTable, assembly: Assembly) -> TableFound:
    joined = {step.right.name for step in assembly.steps}
    role = "main" if table.name == assembly.main.name else "joined" if table.name in joined else "aside"
    return TableFound(table.name, table.table.rows, table.table.names, role)


def _told_source(source: Source) -> Any:
    if isinstance(source, Database):
        return source.model_dump(exclude_none=True)
    return str(source) if isinstance(source, str | Path) else [str(place) for place in source]


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """Turn what the disk, the memory and DuckDB complain of into a sentence."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise BadInput(
            f"the data does not fit in memory and on the disk of '{folder}'; {_first(error)}"
        ) from error
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise _full(folder) from error
        raise BadInput(f"the data cannot be read; {_first(error)}") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _full(folder) from error
        raise


def _full(folder: Path) -> BadInput:
    return BadInput(f"the disk of '{folder}' is full; free some space, or write to another disk")


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
