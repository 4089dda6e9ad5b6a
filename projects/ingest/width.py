"""How many columns a table may have."""

from projects.ingest.raw import Unreadable

MOST_COLUMNS = 20_000
"""So many take about a gigabyte and a minute; a table of more holds something else than columns."""


def check_width(columns: int, shown: str) -> None:
    """Refuse a table of too many columns.

    Raises:
        Unreadable: It has more than are read.
    """
    if columns > MOST_COLUMNS:
        raise Unreadable(
            f"'{shown}' has {columns:,} columns or more; at most {MOST_COLUMNS:,} are read, so make it long"
            " instead of wide, or leave columns out"
        )
