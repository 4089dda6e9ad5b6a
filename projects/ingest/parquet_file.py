"""Parquet files: types are kept, one level of nesting becomes columns."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from projects.ingest.engine import files_of, name_of
from projects.ingest.names import clean_names, table_name
from projects.ingest.raw import TEXT, Facts, FoundFile, RawTable, Unreadable
from projects.ingest.text_file import plain_stem
from projects.ingest.workspace import Workspace

KEPT = {
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TINYINT": "BIGINT",
    "SMALLINT": "BIGINT",
    "INTEGER": "BIGINT",
    "BIGINT": "BIGINT",
    "UTINYINT": "BIGINT",
    "USMALLINT": "BIGINT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DOUBLE",
    "HUGEINT": "DOUBLE",
    "FLOAT": "DOUBLE",
    "DOUBLE": "DOUBLE",
}
"""What each type of DuckDB is kept as; decimals become DOUBLE, points in time TIMESTAMP, all else text."""


def read_parquet_file(file: FoundFile, facts: Facts, work: Workspace) -> RawTable:
    """Find the columns of a Parquet file.

    Raises:
        Unreadable: It is broken.
    """
    import duckdb

    try:
        source = f"read_parquet({files_of([file.path])})"
        columns = work.rows(f"DESCRIBE SELECT * FROM {source}")
        rows = work.rows(f"SELECT count(*) FROM {source}")[0][0]
        index = _index_columns(file.path)
    except (duckdb.Error, ValueError, OSError) as error:
        raise Unreadable(f"'{file.shown}' cannot be read as Parquet; {_first_line(error)}") from error
    parts = [part for name, kind, *_ in columns if name not in index for part in flat(name, str(kind))]
    names = clean_names([name for name, _, _ in parts])
    exprs = ", ".join(f"{sql} AS c{at}" for at, (_, sql, _) in enumerate(parts))
    told = Facts(file.shown, facts.format, facts.sha256, facts.size_bytes, rows=int(rows))
    reading = f"SELECT {exprs.replace('{', '{{').replace('}', '}}')} FROM read_parquet({{files}})"
    kinds = tuple(kind for _, _, kind in parts)
    notices = (f"columns renamed: {', '.join(names.changes[:5])}",) if names.changes else ()
    name = table_name(plain_stem(file.shown))
    return RawTable(name, told, reading, (file.path,), names.clean, kinds, notices, origin=file.origin)


def flat(name: str, kind: str) -> list[tuple[str, str, str]]:
    """Give the columns that a column becomes: name, SQL and kind; a struct becomes one for each field."""
    column = name_of(name)
    if kind.startswith("STRUCT(") and not kind.endswith("]"):
        import duckdb

        fields = duckdb.sqltype(kind).children
        return [
            _plain(f"{name}.{field}", f"{column}.{name_of(field)}", str(inner)) for field, inner in fields
        ]
    return [_plain(name, column, kind)]


def _plain(name: str, sql: str, kind: str) -> tuple[str, str, str]:
    if kind in KEPT:
        return name, f"CAST({sql} AS {KEPT[kind]})", KEPT[kind]
    if kind.startswith("DECIMAL"):
        return name, f"CAST({sql} AS DOUBLE)", "DOUBLE"
    if kind.startswith("TIMESTAMP"):
        return name, f"CAST({sql} AS TIMESTAMP)", "TIMESTAMP"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return name, f"CAST(to_json({sql}) AS VARCHAR)", TEXT
    if kind == "BLOB":
        return name, f"TRY_CAST(decode({sql}) AS VARCHAR)", TEXT
    return name, f"CAST({sql} AS VARCHAR)", TEXT


def _index_columns(path: Path) -> frozenset[str]:
    """Name the columns that pandas wrote for a frame's index."""
    import pyarrow.parquet as pq

    metadata: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
    with suppress(ValueError, TypeError):
        told: dict[str, Any] = json.loads(metadata.get(b"pandas", b"{}"))
        names = [name for name in told.get("index_columns", []) if isinstance(name, str)]
        return frozenset(name for name in names if name.startswith("__index_level_"))
    return frozenset()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
