"""Rows that repeat another: counted, for long tables by a hash of the row.

With 64 bits the chance that two of n different rows share a hash is n squared / 2^65: 3 in a million for ten
million rows.
"""

from collections.abc import Sequence

from projects.ingest.engine import name_of
from projects.quality.table import Table

COMPARED_CELLS = 2_000_000
COUNTED_CELLS = 20_000_000
COLUMNS_A_HASH = 200


def duplicates(table: Table) -> int:
    """Count the rows that repeat an earlier one in every cell."""
    return _repeats(table, list(table.kinds))


def duplicates_but_ids(table: Table, ids: Sequence[str]) -> int | None:
    """Count the rows that repeat an earlier one in all but their id; None if there is no id or no time."""
    others = [name for name in table.kinds if name not in ids]
    if not ids or len(others) < 2 or table.rows * len(others) > COUNTED_CELLS:
        return None
    return _repeats(table, others)


def _repeats(table: Table, names: Sequence[str]) -> int:
    if not table.rows:
        return 0
    if table.rows * len(names) <= COMPARED_CELLS:
        listed = ", ".join(name_of(name) for name in names)
        inner = f"SELECT DISTINCT {listed} FROM {table.source}"
    else:
        inner = f"SELECT DISTINCT {_row_hash(names)} FROM {table.source}"
    return table.rows - int(table.fetch(f"SELECT count(*) FROM ({inner})")[0][0])


def _row_hash(names: Sequence[str]) -> str:
    parts = [
        f"hash({', '.join(name_of(name) for name in names[at : at + COLUMNS_A_HASH])})"
        for at in range(0, len(names), COLUMNS_A_HASH)
    ]
    return parts[0] if len(parts) == 1 else f"hash({', '.join(parts)})"
