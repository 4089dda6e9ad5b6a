"""What workers do with the shares of a table: answer aggregates, find odd cells, write clean rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.errors import BadInput
from projects.ingest.engine import files_of, text_of, with_room_for_gaps
from projects.ingest.merge import merged
from projects.ingest.pieces import Share

if TYPE_CHECKING:
    from projects.compute.crew import Crew


@dataclass(frozen=True)
class Written:
    """Clean rows of a share.

    Attributes:
        rows: How many.
        parquet: A Parquet file: its place where whoever asked sees it, else its bytes.
        lines: The same rows as JSON lines, likewise.
        has_fraction: Whether a time among them has parts of a second.
    """

    rows: int
    parquet: Path | bytes
    lines: Path | bytes
    has_fraction: bool


@dataclass(frozen=True)
class Writing:
    """How clean rows are written.

    Attributes:
        view: A SELECT of the typed columns from the view `piece`.
        name: The view that the last SELECT reads, as SQL.
        select: The last SELECT.
        group: Rows of a row group.
        times: The columns that are points in time, as SQL.
        folder: Of whoever asks; a worker that sees it, too, writes there.
    """

    view: str
    name: str
    select: str
    group: int
    times: tuple[str, ...]
    folder: Path


def asked(aggregates: Sequence[str], values: str, shares: Sequence[Share], crew: "Crew") -> list[Any]:
    """Have aggregates answered over all rows of a table.

    Args:
        aggregates: Their SQL, which `projects.ingest.merge` knows.
        values: The SQL of what they read, made of the columns c0, c1 ...
        shares: Of the table.
        crew: The workers.
    """
    sql = f"SELECT {', '.join(aggregates)} FROM (SELECT {values} FROM piece)"
    rows = crew.in_order(partial(_answered, sql), shares)
    return merged([row[0] for row in rows], aggregates)


def first_rows(sql: str, most: int, shares: Sequence[Share], crew: "Crew") -> list[tuple[Any, ...]]:
    """Find the first rows of a table that a SELECT gives, each of which begins with the row's number.

    Args:
        sql: A SELECT of `n`, the row's number within the view `piece` from 1 on, and other values, in order.
        most: How many are wanted.
        shares: Of the table.
        crew: The workers.
    """
    found: list[tuple[Any, ...]] = []
    for share, rows in zip(shares, crew.in_order(partial(_answered, sql), shares), strict=True):
        found += [(share.first_row + number, *rest) for number, *rest in rows]
        if len(found) >= most:
            break
    return found[:most]


def written(writing: Writing, shares: Sequence[Share], crew: "Crew") -> Iterator[Written]:
    """Have a table's clean rows written, share by share, in order."""
    return crew.in_order(partial(_written, writing), shares)


def _answered(sql: str, share: Share) -> list[tuple[Any, ...]]:
    from projects.ingest.on_worker import opened

    with opened(share.pieces) as engine:
        return list(engine.execute(sql).fetchall())


def _written(writing: Writing, share: Share) -> Written:
    from projects.ingest.on_worker import opened, place_of

    with opened(share.pieces) as engine, place_of(writing.folder) as (folder, is_seen):
        parquet, lines = folder / "rows.parquet", folder / "rows.jsonl"
        engine.execute(f"CREATE OR REPLACE TEMP VIEW {writing.name} AS {writing.view}")
        to = f"{text_of(str(parquet))} (FORMAT parquet, ROW_GROUP_SIZE {writing.group})"
        with with_room_for_gaps(engine):
            engine.execute(f"COPY ({writing.select}) TO {to}")
        source = f"read_parquet({files_of([parquet])})"
        tests = [
            f"coalesce(bool_or({name} != date_trunc('second', {name})), false)" for name in writing.times
        ]
        seen = engine.execute(f"SELECT count(*), {' OR '.join(tests) or 'false'} FROM {source}").fetchone()
        engine.execute(f"COPY (SELECT * FROM {source}) TO {text_of(str(lines))} ({lines_format('')})")
        rows, has_fraction = seen or (0, False)
        if rows != share.rows:
            raise BadInput("the rows changed while they were read; leave them alone, and run this again")
        if is_seen:
            return Written(int(rows), parquet, lines, bool(has_fraction))
        return Written(int(rows), parquet.read_bytes(), lines.read_bytes(), bool(has_fraction))


def lines_format(fraction: str) -> str:
    """Write how JSON lines are written; `fraction` is what follows the seconds of a time."""
    return f"FORMAT json, DATEFORMAT '%Y-%m-%d', TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S{fraction}'"
