"""The clean rows: written once as Parquet, then from there as JSON lines."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from projects.counted import counted
from projects.errors import BadInput
from projects.ingest.assemble import Assembly
from projects.ingest.convert import Conversion
from projects.ingest.cutting import shared
from projects.ingest.engine import files_of, name_of, text_of, with_room_for_gaps
from projects.ingest.parquet_join import ParquetJoin
from projects.ingest.plan import Plan
from projects.ingest.spread import Writing, Written, lines_format, written
from projects.ingest.steps import Step, Steps
from projects.ingest.typed import typed_sql
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Rule

GROUP_CELLS = 2_500_000
"""Cells of a row group: wide tables get short ones, so that writing them stays within the memory."""
MOST_GROUP_ROWS = 122_880
"""DuckDB's own default."""
RULE = "\trule "
"""No column's own name can start with a tab."""
MOST_ROWS_COMPARED = 1_000_000
MOST_CELLS_COMPARED = 50_000_000


def write_rows(
    assembly: Assembly, plan: Plan, folder: Path, steps: Steps, work: Workspace
) -> tuple[int, tuple[str, ...]]:
    """Write rows.parquet and rows.jsonl; return the number of rows and what a person should know.

    Raises:
        BadInput: A rule that must hold does not, or no row is left.
    """
    rows_path = folder / "rows.parquet"
    with steps.step("types and joins to Parquet", plan.rows) as step:
        step.rows_out, has_lines = _first_written(assembly, plan, folder, work)
    notices = [] if step.rows_out == plan.rows else [f"{counted(plan.rows, 'row')} became {step.rows_out:,}"]
    if plan.rules:
        notices += _apply_rules(plan.rules, plan, rows_path, steps, work)
    notices += _repeats(plan, rows_path, steps, work)
    rows = int(work.rows(f"SELECT count(*) FROM {_file(rows_path)}")[0][0])
    if rows == 0:
        raise BadInput("no row is left after cleaning; look at the rules and at the plan")
    is_done = has_lines and rows == plan.rows
    with steps.step("Parquet to JSON lines", rows) as step:
        step.rows_out = rows if is_done else _write_lines(plan, rows_path, folder / "rows.jsonl", work)
    return rows, tuple(notices)


def _first_written(assembly: Assembly, plan: Plan, folder: Path, work: Workspace) -> tuple[int, bool]:
    """Write all rows as Parquet; return how many, and whether they are written as JSON lines, too."""
    width = len(plan.kept)
    select = assembly.select([(column.name, column.column) for column in plan.kept])
    group = _group(width)
    shares = None if assembly.steps else shared(assembly.main.table, work, multiple=group)
    if shares is None or work.crew is None:
        with nullcontext() if assembly.steps else with_room_for_gaps(work.engine):
            return _copy(select, folder / "rows.parquet", width, work), False
    view = typed_sql(assembly.main, "piece")
    writing = Writing(view, assembly.main.view, select, group, tuple(_times(plan)), work.folder.absolute())
    return _collected(written(writing, shares, work.crew), folder)


def _collected(parts: Iterator[Written], folder: Path) -> tuple[int, bool]:
    """Put what workers have written together; times with parts of a second are written otherwise."""
    rows = ParquetJoin(folder / "rows.parquet")
    has_fraction = False
    try:
        with (folder / "rows.jsonl").open("wb") as lines:
            for part in parts:
                rows.add(_taken(part.parquet))
                lines.write(_taken(part.lines))
                has_fraction = has_fraction or part.has_fraction
        rows.close()
    finally:
        rows.abandon()
    return rows.rows, not has_fraction


def _taken(made: Path | bytes) -> bytes:
    """What a worker has written; its file is wanted no more."""
    if isinstance(made, bytes):
        return made
    found = made.read_bytes()
    made.unlink()
    return found


def _times(plan: Plan) -> list[str]:
    return [name_of(column.name) for column in plan.kept if column.conversion.sql_type == "TIMESTAMP"]


def _group(width: int) -> int:
    return max(min(MOST_GROUP_ROWS, GROUP_CELLS // max(width, 1)), 2048)


def _file(path: Path) -> str:
    return f"read_parquet({files_of([path])})"


def _copy(select: str, path: Path, width: int, work: Workspace) -> int:
    done = work.rows(
        f"COPY ({select}) TO {text_of(str(path))} (FORMAT parquet, ROW_GROUP_SIZE {_group(width)})"
    )
    return int(done[0][0])


def _rewrite(select: str, path: Path, width: int, work: Workspace) -> int:
    """Write rows anew in place of the file that they are read from."""
    fresh = path.with_suffix(".new")
    rows = _copy(select, fresh, width, work)
    fresh.replace(path)
    return rows


def _write_lines(plan: Plan, rows_path: Path, target: Path, work: Workspace) -> int:
    times = _times(plan)
    source = _file(rows_path)
    fraction = ""
    if times:
        parts = " OR ".join(f"bool_or({name} != date_trunc('second', {name}))" for name in times)
        fraction = ".%f" if work.rows(f"SELECT {parts} FROM {source}")[0][0] else ""
    done = work.rows(f"COPY (SELECT * FROM {source}) TO {text_of(str(target))} ({lines_format(fraction)})")
    return int(done[0][0])


def _apply_rules(
    rules: Sequence[Rule], plan: Plan, rows_path: Path, steps: Steps, work: Workspace
) -> list[str]:
    from projects.quality.rules import rule_predicates

    columns: dict[str, Conversion] = {column.name: column.conversion for column in plan.kept}
    checked = rule_predicates(rules, {name: conversion.sql_type for name, conversion in columns.items()})
    tests = ", ".join(
        f"({predicate}) AS {name_of(f'{RULE}{at}')}" for at, (_, predicate) in enumerate(checked)
    )
    held = [f"coalesce({name_of(f'{RULE}{at}')}, true)" for at in range(len(checked))]
    numbered = f"read_parquet({files_of([rows_path])}, file_row_number=true)"
    source = f"(SELECT *, {tests} FROM {numbered})"
    counts = work.rows(
        f"SELECT count(*), {', '.join(f'count(*) FILTER (WHERE NOT {one})' for one in held)} FROM {source}"
    )[0]
    notices = []
    for (rule, _), broken in zip(checked, counts[1:], strict=True):
        if broken and rule.on_fail == "refuse":
            raise BadInput(
                _broken(rule, broken, counts[0])
                + "; clean the data, or set the rule's on_fail to drop or warn"
            )
        if broken:
            what = "are dropped" if rule.on_fail == "drop" else "stay"
            notices.append(f"{_broken(rule, broken, counts[0])}; they {what}")
    dropping = [one for one, (rule, _) in zip(held, checked, strict=True) if rule.on_fail == "drop"]
    with steps.step("rules", counts[0]) as step:
        step.details += notices
        step.rows_out = counts[0]
        if notices and dropping:
            names = ", ".join(name_of(name) for name in columns)
            select = f"SELECT {names} FROM {source} WHERE {' AND '.join(dropping)} ORDER BY file_row_number"
            step.rows_out = _rewrite(select, rows_path, len(columns), work)
    return notices


def _broken(rule: Rule, broken: int, rows: int) -> str:
    from projects.ingest.plan_words import rule_words

    return f"{broken:,} of {counted(rows, 'row')} break the rule for '{rule.column}' ({rule_words(rule)})"


def _repeats(plan: Plan, rows_path: Path, steps: Steps, work: Workspace) -> list[str]:
    names = ", ".join(name_of(column.name) for column in plan.kept)
    source = _file(rows_path)
    if plan.duplicates == "drop":
        rows = int(work.rows(f"SELECT count(*) FROM {source}")[0][0])
        with steps.step("repeated rows dropped", rows) as step:
            step.rows_out = _without_repeats(names, rows_path, len(plan.kept), work)
            _note(
                step, f"{rows - step.rows_out:,} of {counted(rows, 'row')} repeated another and were dropped"
            )
        return step.details
    if plan.rows > MOST_ROWS_COMPARED or plan.rows * len(plan.kept) > MOST_CELLS_COMPARED:
        return []
    rows, distinct = work.rows(f"SELECT count(*), count(DISTINCT hash({names})) FROM {source}")[0]
    if rows == distinct:
        return []
    repeats = f"{rows - distinct:,} of {counted(rows, 'row')} repeat another one"
    return [f"{repeats}; cleaning.duplicates: drop leaves them out"]


def _note(step: Step, text: str) -> None:
    if step.rows_in != step.rows_out:
        step.details.append(text)


def _without_repeats(names: str, rows_path: Path, width: int, work: Workspace) -> int:
    """Keep the first of equal rows, told by two digests of 64 bits."""
    numbered = f"read_parquet({files_of([rows_path])}, file_row_number=true)"
    first = f"SELECT min(file_row_number) AS n FROM {numbered} GROUP BY hash({names}), hash('again', {names})"
    select = f"SELECT {names} FROM {numbered} WHERE file_row_number IN ({first}) ORDER BY file_row_number"
    return _rewrite(select, rows_path, width, work)
