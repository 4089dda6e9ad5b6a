"""One Parquet file of rows as DuckDB sees it: opened in bounded memory, its columns' kinds, its row count."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from projects.errors import BadInput
from projects.ingest.engine import name_of, open_engine, text_of

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["number", "boolean", "date", "text"]

ROW = "file_row_number"
"""The row's position in the file, from 0, as DuckDB's Parquet reader calls it."""
NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)


@contextmanager
def connected() -> "Iterator[duckdb.DuckDBPyConnection]":
    """Open DuckDB in memory; it spills to a folder of its own, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="penstock-duckdb-") as spill:
        connection = open_engine(Path(spill))
        try:
            yield connection
        finally:
            connection.close()


def scan(rows_parquet: Path, *, numbered: bool = False) -> str:
    """Return the SQL that reads a Parquet file, with the row's position if `numbered`."""
    path = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(rows_parquet))
    return f"read_parquet({text_of(path)}{f', {ROW} = true' if numbered else ''})"


def fetch(connection: "duckdb.DuckDBPyConnection", query: str) -> list[tuple[Any, ...]]:
    """Run a query and return all its rows, which must be few."""
    return list(connection.execute(query).fetchall())


def column_kinds(connection: "duckdb.DuckDBPyConnection", rows_parquet: Path) -> dict[str, Kind]:
    """Return what each column is, in the file's order.

    Raises:
        BadInput: The file is not there or is no Parquet file.
    """
    import duckdb

    try:
        found = fetch(connection, f"DESCRIBE SELECT * FROM {scan(rows_parquet)}")
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise BadInput(f"'{rows_parquet}' must be a readable Parquet file; {why:.200}") from error
    return {str(name): kind_of(str(kind)) for name, kind, *_ in found}


def row_count(connection: "duckdb.DuckDBPyConnection", rows_parquet: Path) -> int:
    """Return how many rows a Parquet file has."""
    return int(fetch(connection, f"SELECT count(*) FROM {scan(rows_parquet)}")[0][0])


def row_digests(rows_parquet: Path, columns: Sequence[str]) -> "NDArray[np.uint64]":
    """Digest some columns of each row in 64 bits, in the file's order; equal rows have equal digests."""
    with connected() as connection:
        names = ", ".join(map(name_of, columns)) or "0"
        found = connection.execute(
            f"SELECT hash({names}) AS digest FROM {scan(rows_parquet, numbered=True)} ORDER BY {ROW}"
        ).fetchnumpy()
    digests: NDArray[np.uint64] = found["digest"]
    return digests


def kind_of(duckdb_type: str) -> Kind:
    """Return what a column of a DuckDB type is; all that is no number, truth or date is a text.

    >>> kind_of("DECIMAL(18,2)"), kind_of("TIMESTAMP WITH TIME ZONE"), kind_of("BIGINT[]")
    ('number', 'date', 'text')
    """
    base = duckdb_type.upper()
    if base.endswith("]"):
        return "text"
    base = base.split("(")[0]
    if base in NUMBERS:
        return "number"
    if base == "BOOLEAN":
        return "boolean"
    return "date" if base == "DATE" or base.startswith("TIMESTAMP") else "text"
