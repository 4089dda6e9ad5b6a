"""What a table's columns hold, for whoever asks: types by pandas' names, gaps, the figures of `describe`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.ingest.engine import make_room, name_of
from projects.sampling.rows_file import NUMBERS, connected, fetch, row_count, scan

if TYPE_CHECKING:
    import duckdb

FIGURES = ("count", "mean", "std", "min", "25%", "50%", "75%", "max")
"""What `DataFrame.describe` calls them."""
QUARTILES = (0.25, 0.5, 0.75)
EXACT_ROWS = 2_000_000
"""Beyond so many rows quartiles are t-digests' estimates: exact ones hold a column in memory."""
CELLS_AT_ONCE = 4_000_000
MOST_COLUMNS_AT_ONCE = 200
_WHOLE = {"TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "BIGINT": "int64",
          "UTINYINT": "uint8", "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64"}  # fmt: skip


def profile_of(rows_parquet: Path) -> dict[str, Any]:
    """Look at all rows of a Parquet file.

    Returns:
        `column_names`, `dtypes` and `missing_values` by column, `numeric_stats` by column of numbers.

    Raises:
        BadInput: The file cannot be read.
    """
    with connected() as connection:
        types = {
            str(name): str(kind).upper()
            for name, kind, *_ in fetch(connection, f"DESCRIBE SELECT * FROM {scan(rows_parquet)}")
        }
        make_room(connection, len(types))
        rows, names = row_count(connection, rows_parquet), list(types)
        missing = _missing(connection, rows_parquet, names)
        numbers = [name for name in names if types[name].partition("(")[0] in NUMBERS]
        return {
            "column_names": names,
            "dtypes": {name: _dtype(types[name], missing[name]) for name in names},
            "missing_values": missing,
            "numeric_stats": _figures(connection, rows_parquet, numbers, rows),
        }


def _missing(
    connection: "duckdb.DuckDBPyConnection", rows_parquet: Path, names: Sequence[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _pieces(names, MOST_COLUMNS_AT_ONCE):
        cells = ", ".join(f"count(*) - count({name_of(name)})" for name in some)
        counts = fetch(connection, f"SELECT {cells} FROM {scan(rows_parquet)}")[0]
        found |= {name: int(count) for name, count in zip(some, counts, strict=True)}
    return found


def _figures(
    connection: "duckdb.DuckDBPyConnection", rows_parquet: Path, names: Sequence[str], rows: int
) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    at_once = max(min(CELLS_AT_ONCE // max(rows, 1), MOST_COLUMNS_AT_ONCE), 1)
    for some in _pieces(names, at_once):
        cells = ", ".join(_asked(name_of(name), is_exact=rows <= EXACT_ROWS) for name in some)
        row = fetch(connection, f"SELECT {cells} FROM {scan(rows_parquet)}")[0]
        for at, name in enumerate(some):
            *figures, quartiles = row[at * 6 : at * 6 + 6]
            count, mean, std, low, high = figures
            values = (count, mean, std, low, *(quartiles or (None, None, None)), high)
            found[name] = {key: _number(value) for key, value in zip(FIGURES, values, strict=True)}
    return found


def _asked(name: str, *, is_exact: bool) -> str:
    """Write the six figures of a column; what is not finite is left out, as it has no mean."""
    cell = f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END"
    quantile = "quantile_cont" if is_exact else "approx_quantile"
    return (
        f"count({cell}), avg({cell}), stddev_samp({cell}), min({cell}), max({cell}),"
        f" {quantile}({cell}, {list(QUARTILES)})"
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _dtype(kind: str, missing: int) -> str:
    """Name what pandas makes of a column: whole numbers with gaps are floats, truths with gaps objects."""
    base = kind.partition("(")[0]
    if base in _WHOLE:
        return "float64" if missing else _WHOLE[base]
    if base in NUMBERS:
        return "float32" if base == "FLOAT" else "float64"
    if base == "BOOLEAN":
        return "object" if missing else "bool"
    return "datetime64[us]" if base == "DATE" or base.startswith("TIMESTAMP") else "object"


def _pieces(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
