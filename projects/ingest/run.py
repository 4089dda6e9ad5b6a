"""Any source becomes a folder of clean rows.

discover files -> read each -> group into tables -> tell every column's type from all its rows -> join
-> plan (printed, saved, corrected) -> rows.parquet -> rules, repeats -> rows.jsonl -> schema, lineage
"""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.counted import counted
from projects.errors import BadInput
from projects.ingest.approval import Ask, at_terminal, wait_for_approval
from projects.ingest.assemble import Assembly, assemble
from projects.ingest.broken import naming_the_broken
from projects.ingest.discover import Discovery, Source, discover
from projects.ingest.engine import open_engine
from projects.ingest.failures import said_plainly
from projects.ingest.fix import Fix, fixes_of
from projects.ingest.group import group
from projects.ingest.ingested import Ingested, TableFound
from projects.ingest.lineage import digest_of_sources, write_lineage
from projects.ingest.main_table import choose_main, plan_joins
from projects.ingest.plan import Plan, make_plan
from projects.ingest.plan_file import read_plan, save_plan
from projects.ingest.plan_words import describe
from projects.ingest.publish import LINEAGE, PLAN, SCHEMA, new_folder
from projects.ingest.raw import Skipped
from projects.ingest.reuse import earlier_result, key_of, taken
from projects.ingest.rows_out import write_rows
from projects.ingest.schema import columns_of, write_schema
from projects.ingest.steps import Steps
from projects.ingest.typed import TypedTable, check_fixes, find_name, retyped, type_table
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Cleaning, Database, Rule, Tables

if TYPE_CHECKING:
    from projects.compute.crew import Crew

ANY_TABLES = Tables()
USUAL_CLEANING = Cleaning()


def ingest(
    source: Source, folder: Path, *, tables: Tables = ANY_TABLES, cleaning: Cleaning = USUAL_CLEANING,
    rules: Sequence[Rule] = (), target: str = "", plan: Path | None = None,
    plan_at: Path | None = None, ask: Ask | None = None, earlier: Path | None = None,
    say: Callable[[str], None] = print, clock: Callable[[], float] = time.monotonic,
    crew: "Crew | None" = None,
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
        plan_at: Where a plan that waits for a person is written; by default in `folder`.
        ask: Asks a person and returns after the answer; by default at the terminal, if there is one.
        earlier: A folder that may hold the result of the same files by the same options: it is taken then.
        say: Tells a person what happens, line by line.
        clock: Seconds of a clock that only goes forward.
        crew: The workers of a cluster, which read, type and write large tables.

    Raises:
        BadInput: The source, the plan or the data cannot be used; the sentence says why.
    """
    steps, asked = Steps(clock), _Asked(tables, cleaning, tuple(rules), target)
    # A person who wants to be asked is asked each time.
    is_wanted = earlier is not None and (plan is not None or cleaning.approve == "auto")
    key = key_of(source, asdict(asked), plan) if is_wanted else None
    if earlier is not None and key and (known := earlier_result(earlier, key)):
        return taken(known, folder, say)
    with said_plainly(folder), new_folder(folder) as part:
        inner = part / "work"
        inner.mkdir()
        with open_engine(inner / "spill") as engine:
            work = Workspace(inner, engine, say, crew)
            with steps.step("read") as step:
                found = discover(source, work)
                step.rows_out = sum(raw.facts.rows for raw in found.found)
            with naming_the_broken(found.found, work):
                made = _made(found, asked, work, steps)
                made = _approved(made, plan, plan_at or folder / PLAN, ask or at_terminal(), work)
                rows, notices = _written(made, part, work, steps)
        shutil.rmtree(inner)
        result = _result(made, found, folder, rows, notices)
        save_plan(made.plan, part / PLAN)
        write_schema(part / SCHEMA, result.name, rows, made.target, result.columns)
        write_lineage(
            part / LINEAGE, source=_told_source(source), files=result.sources, skipped=result.skipped,
            steps=steps.done, notices=result.notices, sha256=result.sha256,
            created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), tables=result.tables,
            key=key.told() if key and key.holds() else {},
        )  # fmt: skip
    say(f"{counted(result.rows, 'row')} of {counted(len(result.columns), 'column')} are in {folder}")
    return result


@dataclass(frozen=True)
class _Asked:
    """What is wanted of the data."""

    tables: Tables
    cleaning: Cleaning
    rules: tuple[Rule, ...]
    target: str


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


def _made(found: Discovery, asked: _Asked, work: Workspace, steps: Steps) -> _Made:
    target = asked.target or next((raw.target for raw in found.found if raw.target), "")
    grouped = group(found.found, found.name, target, work)
    fixes = fixes_of(asked.cleaning.columns)
    check_fixes(fixes, list(grouped.tables))
    with steps.step("types of all cells", sum(table.rows for table in grouped.tables)):
        typed = tuple(type_table(table, fixes, target, work) for table in grouped.tables)
    main, notices = choose_main(typed, asked.tables, target, work)
    with steps.step("keys"):
        joins, told = plan_joins(main, typed, asked.tables, work)
    assembly = assemble(main, joins)
    plan = make_plan(assembly, fixes, asked.cleaning, asked.rules)
    target = _known_target(target, plan)
    skipped = (*found.skipped, *grouped.skipped)
    read = [notice for table in grouped.tables for notice in table.notices]
    left_out = [f"left out {entry.shown}: {entry.reason}" for entry in skipped]
    said = (*left_out, *read, *notices, *told)
    for line in (*said, *describe(plan)):
        work.say(line)
    return _Made(plan, assembly, typed, fixes, asked.cleaning, target, said, skipped)


def _known_target(target: str, plan: Plan) -> str:
    if not target:
        return ""
    by_original = {column.original: column.name for column in plan.kept}
    found = find_name(target, [*(column.name for column in plan.kept), *by_original])
    if found is None:
        raise BadInput(f"the cleaning plan leaves out the target '{target}'; keep it")
    return by_original.get(found, found)


def _approved(made: _Made, plan: Path | None, plan_at: Path, ask: Ask | None, work: Workspace) -> _Made:
    """Take the corrections out of a plan's file, the one that was given or the one that was asked about."""
    if plan is not None:
        fixes, duplicates, changes = read_plan(plan, made.plan)
    elif made.cleaning.approve == "ask":
        fixes, duplicates, changes = wait_for_approval(made.plan, plan_at, ask, work.say)
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


def _written(made: _Made, part: Path, work: Workspace, steps: Steps) -> tuple[int, tuple[str, ...]]:
    if made.assembly.steps and work.crew is not None:
        work.crew.tell_once("tables are joined on this machine, not by the workers")
    rows, notices = write_rows(made.assembly, made.plan, part, steps, work)
    for notice in notices:
        work.say(notice)
    return rows, (*made.notices, *notices)


def _result(made: _Made, found: Discovery, folder: Path, rows: int, notices: tuple[str, ...]) -> Ingested:
    files = tuple(raw.facts for raw in found.found)
    tables = tuple(_found(table, made.assembly) for table in made.typed)
    return Ingested(
        folder, made.plan.table, rows, columns_of(made.plan), digest_of_sources(files), notices, files,
        made.skipped, tables, made.target,
    )  # fmt: skip


def _found(table: TypedTable, assembly: Assembly) -> TableFound:
    joined = {step.right.name for step in assembly.steps}
    role = "main" if table.name == assembly.main.name else "joined" if table.name in joined else "aside"
    return TableFound(table.name, table.table.rows, table.table.names, role)


def _told_source(source: Source) -> Any:
    if isinstance(source, Database):
        return source.model_dump(exclude_none=True)
    return str(source) if isinstance(source, str | Path) else [str(place) for place in source]
