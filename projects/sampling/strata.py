"""The strata that a sample keeps the shares of: the target's classes, or its tenths if it is an amount."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from projects.ingest.engine import name_of
from projects.sampling.rows_file import ROW, Kind, fetch, row_count, scan

if TYPE_CHECKING:
    import duckdb

BINS = 10
FEWEST = 5
"""Rows that each stratum gets, if it has them."""
QUANTILE_ROWS = 100_000
"""The tenths of an amount are taken from about so many rows, the same ones each time."""
MOST_NUMBER_CLASSES = 20
"""More distinct numbers than this are taken for an amount."""


def stratum(connection: "duckdb.DuckDBPyConnection", rows_parquet: Path, target: str, kind: Kind) -> str:
    """Return the SQL that names a row's stratum as a text; null where the target is missing.

    Args:
        connection: Where the target's quantiles are taken.
        rows_parquet: The rows.
        target: The column.
        kind: What it is.
    """
    cell, source = name_of(target), scan(rows_parquet)
    if kind in ("text", "boolean"):
        return f"CAST({cell} AS VARCHAR)"
    if kind == "date":
        cell = f"epoch({cell})"
    distinct = fetch(
        connection,
        f"SELECT count(*) FROM (SELECT DISTINCT {cell} AS cell FROM {source} WHERE {cell} IS NOT NULL"
        f" LIMIT {MOST_NUMBER_CLASSES + 1})",
    )[0][0]
    if distinct <= MOST_NUMBER_CLASSES:
        return f"CAST({cell} AS VARCHAR)"
    tenths = [step / BINS for step in range(1, BINS)]
    kept = max(row_count(connection, rows_parquet) // QUANTILE_ROWS, 1)
    edges = fetch(
        connection,
        f"SELECT quantile_cont(CAST({cell} AS DOUBLE), {tenths}) FROM {scan(rows_parquet, numbered=True)}"
        f" WHERE hash({ROW}) % {kept} = 0",
    )[0][0]
    above = " + ".join(f"CAST({cell} > {edge!r} AS INTEGER)" for edge in sorted(set(edges)))
    return f"CAST({above} AS VARCHAR)"


def quotas(counts: Sequence[int], wanted: int) -> list[int]:
    """Share out a sample over strata: at least 5 rows each where there are so many, the rest in proportion.

    Where the least shares would take more than half of the sample there are none.

    >>> quotas([900, 90, 6], 100)
    [86, 9, 5]
    """
    if wanted >= sum(counts):
        return list(counts)
    few = FEWEST if FEWEST * len(counts) <= wanted / 2 else 0
    floor = [min(count, few) for count in counts]
    small: set[int] = set()
    while True:
        others = [at for at in range(len(counts)) if at not in small]
        left, total = wanted - sum(floor[at] for at in small), sum(counts[at] for at in others)
        below = {at for at in others if left * counts[at] < floor[at] * total}
        if not below:
            break
        small |= below
    given = [floor[at] if at in small else left * counts[at] // total for at in range(len(counts))]
    by_remainder = sorted(others, key=lambda at: -(left * counts[at] % total))
    for at in by_remainder[: wanted - sum(given)]:
        given[at] += 1
    return given
