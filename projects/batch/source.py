"""The rows to predict: found and read as training reads its sources, and converted as it converted them."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from projects.batch.conversion import Converter
from projects.batch.inputs import check_columns
from projects.batch.rows import Rows
from projects.errors import BadInput
from projects.ingest.broken import naming_the_broken
from projects.ingest.cutting import shared
from projects.ingest.database import is_database_url
from projects.ingest.discover import discover
from projects.ingest.engine import batches, open_engine
from projects.ingest.group import group
from projects.ingest.run import ingest
from projects.ingest.schema import ColumnSchema, read_schema
from projects.ingest.table import Table, stack
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Cleaning, ColumnCleaning, Database, Tables
from serving.plan.model import Column

if TYPE_CHECKING:
    from projects.compute.crew import Crew

MEMORY_LIMIT = "250MB"
"""What reading may hold: the rest of a process is the model, the batches and the libraries."""
READ_ROWS = 32_768
Say = Callable[[str], None]


@dataclass(frozen=True)
class Known:
    """What a version knows of how training read its table.

    Attributes:
        main: The table that gave the rows.
        columns: Each column's reading, by its name.
    """

    main: str = ""
    columns: Mapping[str, ColumnSchema] = field(default_factory=dict)

    @property
    def is_joined(self) -> bool:
        """Whether the table was made of several."""
        return len({column.table for column in self.columns.values()}) > 1


def known_of(schema: Path | None) -> Known:
    """Read a version's `schema.json`; of nothing where it has none.

    Raises:
        BadInput: It is not whole.
    """
    if schema is None:
        return Known()
    columns = {column.name: column for column in read_schema(schema.parent)}
    return Known(str(json.loads(schema.read_text("utf-8"))["table"]), columns)


@contextmanager
def open_rows(
    place: str, columns: Sequence[Column], known: Known, folder: Path, say: Say, *, crew: "Crew | None" = None
) -> Iterator[Rows]:
    """Open a source: a file, a folder, a glob, a bucket, a database or one of scikit-learn's tables.

    Args:
        place: Where. A database's URL has its table behind a `#`.
        columns: The model's inputs.
        known: How training read them.
        folder: For what is fetched or unpacked; made anew, and gone in the end.
        say: Hears of files left out, and of large ones.
        crew: The workers of a cluster, which read what they can.

    Raises:
        BadInput: There is nothing to read, it cannot be read, or no table in it has the model's columns.
    """
    import duckdb

    with (
        _only_now(folder),
        open_engine(folder / "spill", memory_limit=MEMORY_LIMIT) as engine,
    ):
        work = Workspace(folder, engine, say, crew)
        try:
            table = _table(place, columns, known, work)
            with naming_the_broken(table.parts, work):
                yield _rows(table, work, columns, known)
        except duckdb.Error as error:
            raise BadInput(f"'{place}' cannot be read to its end; {str(error).splitlines()[0]}") from error


@contextmanager
def _only_now(folder: Path) -> Iterator[None]:
    """Make a folder, in place of one that a killed run left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _table(place: str, columns: Sequence[Column], known: Known, work: Workspace) -> Table:
    """Put together all tables of a source that have what the model requires."""
    source = database_of(place) if is_database_url(place) else place
    found = discover(source, work)
    grouped = group(found.found, found.name, "", work)
    for skipped in (*found.skipped, *grouped.skipped):
        work.say(f"left out {skipped.shown}: {skipped.reason}")
    wanted = {column.name for column in columns}
    is_whole = any(wanted <= set(_names(table, known)) for table in grouped.tables)
    if known.is_joined and len(grouped.tables) > 1 and not is_whole:
        return _joined(source, known, work)
    lacks = [_lacking(table, columns, known) for table in grouped.tables]
    fitting = [table for table, lacking in zip(grouped.tables, lacks, strict=True) if not lacking]
    if not fitting:
        least = min(range(len(lacks)), key=lambda at: len(lacks[at]))
        check_columns(columns, _names(grouped.tables[least], known))
    for table, lacking in zip(grouped.tables, lacks, strict=True):
        if lacking:
            work.say(f"left out {table.name}: it lacks {', '.join(map(repr, lacking))}")
    return stack(fitting[0].name, [part for table in fitting for part in table.parts])


def _joined(source: str | Database, known: Known, work: Workspace) -> Table:
    """Join the tables of a source as training joined them."""
    types = {
        f"{column.table}.{column.original}": ColumnCleaning(type=column.type)
        for column in known.columns.values()
    }
    folder = work.folder / "joined"
    work.say(f"joining {', '.join(sorted({column.table for column in known.columns.values()}))}")
    ingest(
        source, folder, tables=Tables(main=known.main), cleaning=Cleaning(columns=types), say=work.say,
        crew=work.crew,
    )  # fmt: skip
    made = discover(str(folder / "rows.parquet"), work).found
    return stack(known.main, made)


def database_of(place: str) -> Database:
    """Read a database's URL with its table behind a `#`: `postgresql://host/shop#orders`.

    Raises:
        BadInput: It names no table.
    """
    url, _, table = place.partition("#")
    if not table:
        raise BadInput(f"say which table of the database, behind a #, as in '{url}#orders'")
    return Database(url=url, table=table)


def _lacking(table: Table, columns: Sequence[Column], known: Known) -> list[str]:
    names = _names(table, known)
    return [column.name for column in columns if column.required and column.name not in names]


def _names(table: Table, known: Known) -> tuple[str, ...]:
    """Name a table's columns as training did: some were renamed, and letter case does not count."""
    ours = {column.original.casefold(): name for name, column in known.columns.items()}
    ours |= {name.casefold(): name for name in known.columns}
    names = tuple(ours.get(name.casefold(), name) for name in table.names)
    return names if len(set(names)) == len(names) else table.names


def _rows(table: Table, work: Workspace, columns: Sequence[Column], known: Known) -> Rows:
    names = _names(table, known)
    if absent := [column.name for column in columns if column.name not in names and not column.required]:
        work.say(f"no column {', '.join(map(repr, absent))}: such cells count as missing")
    inputs = {column.name for column in columns} & set(known.columns)
    converter = Converter({name: known.columns[name].conversion for name in inputs})
    return Rows(names, _batches(table, names, work), converter, table.rows, partial(shared, table, work))


def _batches(table: Table, names: tuple[str, ...], work: Workspace) -> Iterator[pa.RecordBatch]:
    for batch in batches(work.engine, table.sql, READ_ROWS):
        yield batch.rename_columns(list(names))
