"""The DuckDB that does the heavy lifting: bounded memory, rows in their order, and nothing fetched."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MEMORY_LIMIT = "600MB"
"""What DuckDB may hold before it spills; with Python and its libraries a process stays under 1 GB."""

WIDE = 1000
"""Columns from which on blocks of 2,048 rows, at 16 bytes a cell, need more than that."""
KILOBYTES_A_COLUMN = 250


def open_engine(
    spill: Path, *, memory_limit: str = MEMORY_LIMIT, threads: int = 0
) -> "duckdb.DuckDBPyConnection":
    """Open a DuckDB in memory that spills into a folder; by default it takes every core."""
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "threads": str(threads or cores()),
            "temp_directory": str(spill),
            "preserve_insertion_order": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


@contextmanager
def with_room_for_gaps(connection: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Let Parquet be written whose columns may all hold gaps, also where these rows have none.

    DuckDB asks its statistics, and so would write parts of one table that do not fit together.
    """
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    try:
        yield
    finally:
        connection.execute("RESET disabled_optimizers")


def make_room(connection: "duckdb.DuckDBPyConnection", columns: int) -> None:
    """Let a table of very many columns take the memory that a few blocks of its rows need."""
    if columns > WIDE:
        connection.execute(
            f"SET memory_limit = '{int(MEMORY_LIMIT[:-2]) + columns * KILOBYTES_A_COLUMN // 1000}MB'"
        )
        connection.execute("SET threads = 1")


def cores() -> int:
    """Count the cores that this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def batches(connection: "duckdb.DuckDBPyConnection", sql: str, rows: int) -> "Iterator[pa.RecordBatch]":
    """Read the rows of a SELECT, so many at once.

    Raises:
        duckdb.Error: They cannot be read to their end; Arrow would tell it as an OSError.
    """
    import duckdb
    import pyarrow as pa

    try:
        yield from connection.sql(sql).to_arrow_reader(rows)
    except (OSError, pa.ArrowInvalid) as error:
        kind = duckdb.OutOfMemoryException if "Out of Memory" in str(error) else duckdb.IOException
        raise kind(str(error)) from error


def name_of(name: str) -> str:
    """Quote a name for SQL.

    >>> name_of('my "x" y')
    '"my ""x"" y"'
    """
    return '"' + name.replace('"', '""') + '"'


def text_of(text: str) -> str:
    """Quote a text for SQL.

    >>> text_of("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def list_of(texts: "list[str] | tuple[str, ...]") -> str:
    """Write texts as a list of SQL."""
    return "[" + ", ".join(text_of(text) for text in texts) + "]"


def files_of(paths: Iterable[Path]) -> str:
    """Write paths as a list of SQL, so that a star in a file's name means that star alone."""
    return list_of([re.sub(r"([*?\[])", r"[\1]", str(path)) for path in paths])


def is_one_of(value: str, texts: Iterable[str]) -> str:
    """Write the test whether a value is one of some texts.

    DuckDB makes a join of a long IN or list_contains, and a join loses the order of the rows.
    """
    return f"(CASE {value} {' '.join(f'WHEN {text_of(text)} THEN true' for text in texts)} ELSE false END)"
