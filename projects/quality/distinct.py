"""How many distinct values a column has, and which come most often: counted, or estimated with its error.

Columns of very many values are estimated from those values whose hash falls into one of several equal parts:
the part's distinct count times the number of parts. Whole values fall into a part or not, so repeats do not
blur it, and the relative standard error is 1 / sqrt(distinct values of the part).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from projects.ingest.engine import name_of
from projects.quality.table import Table

COUNTED_UP_TO = 1_500_000
"""Columns of about so many distinct values are counted."""
PART_VALUES = 100_000
TOP = 10
GROUPED_UP_TO = 200_000
"""The most frequent of so many distinct values are found by counting all; of more, among the sample's."""
SHOWN_LENGTH = 200


@dataclass(frozen=True)
class Presence:
    """How a column is filled.

    Attributes:
        held: Cells with a value.
        distinct: Distinct values.
        error: The relative standard error of `distinct`; 0 where it was counted.
    """

    held: int
    distinct: int
    error: float


def presences(table: Table) -> dict[str, Presence]:
    """Count each column's values and distinct values."""
    names = list(table.kinds)
    found = table.aggregate(
        names, lambda name: (f"count({table.held(name)})", f"approx_count_distinct({table.held(name)})")
    )
    few = [name for name in names if found[name][1] <= COUNTED_UP_TO]
    counted = _counted(table, few)
    return {
        name: Presence(found[name][0], counted[name], 0.0)
        if name in counted
        else _estimated(table, name, found[name][0], found[name][1])
        for name in names
    }


def _counted(table: Table, names: Sequence[str]) -> dict[str, int]:
    """Count column by column if they are long, so that one column's values are in memory at a time."""
    if table.rows > GROUPED_UP_TO:
        parts = [
            table.aggregate([name], lambda name: (f"count(DISTINCT {table.held(name)})",)) for name in names
        ]
        return {name: found[name][0] for name, found in zip(names, parts, strict=True)}
    found = table.aggregate(names, lambda name: (f"count(DISTINCT {table.held(name)})",))
    return {name: int(found[name][0]) for name in names}


def _estimated(table: Table, name: str, held: int, about: int) -> Presence:
    parts = 2 ** max(round(math.log2(about / PART_VALUES)), 1)
    values, distinct = table.fetch(
        f"SELECT count(part), count(DISTINCT part) FROM (SELECT hash({table.held(name)}) AS part"
        f" FROM {table.source} WHERE {table.held(name)} IS NOT NULL) WHERE part % {parts} = 0"
    )[0]
    if not values:
        return Presence(held, min(about, held), 0.1)
    return Presence(held, min(round(held * distinct / values), held), 1 / math.sqrt(distinct))


def top_values(table: Table, name: str, presence: Presence) -> tuple[tuple[str, int], ...]:
    """Return the most frequent values as texts, with their counts; none if hardly any comes twice."""
    if presence.distinct > 0.9 * presence.held and presence.distinct > TOP:
        return ()
    cell = table.held(name)
    counted = (
        f"SELECT cell, count(*) AS times FROM (SELECT {cell} AS cell FROM {{source}}) WHERE cell IS NOT NULL"
        f" GROUP BY cell ORDER BY times DESC, cell LIMIT {TOP}"
    )
    if presence.distinct <= GROUPED_UP_TO or table.sampled_rows == table.rows:
        query = counted.format(source=table.source)
    else:
        query = (
            f"SELECT cell, count(*) AS times FROM (SELECT {cell} AS cell FROM {table.source}) JOIN"
            f" (SELECT cell AS likely FROM ({counted.format(source=table.sample)}) WHERE times > 2)"
            " ON cell = likely GROUP BY cell ORDER BY times DESC, cell"
        )
    shown = (
        f"SELECT left(CAST(cell AS VARCHAR), {SHOWN_LENGTH}), times FROM ({query}) ORDER BY times DESC, cell"
    )
    return tuple((str(value), int(times)) for value, times in table.fetch(shown))


def level_counts(table: Table, name: str, most: int) -> list[tuple[str, int]]:
    """Return the levels of a text with their counts, the most frequent first, at most so many."""
    cell = f"CAST({name_of(name)} AS VARCHAR)"
    return [
        (str(level), int(times))
        for level, times in table.fetch(
            f"SELECT {cell}, count(*) FROM {table.source} WHERE {cell} <> ''"
            f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most}"
        )
    ]
