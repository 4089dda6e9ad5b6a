"""What a column of texts holds: lengths, blanks, numbers, free text, and levels that mean the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from projects.free_text import LOOKED_AT, MARKS, Wordiness, wordiness
from projects.ingest.engine import name_of
from projects.quality.distinct import Presence, level_counts
from projects.quality.labels import clashes
from projects.quality.model import Texts
from projects.quality.table import Table

MOST_LEVELS = 5_000
"""Of more levels, none are compared: they are names or notes, not labels."""

LONG = 10.0
"""Marks of a text on average; shorter ones are no free text in any script."""


def text_profiles(table: Table, presence: Mapping[str, Presence]) -> dict[str, Texts]:
    """Profile the columns of texts; one with no value is left out."""
    names = [name for name in table.named("text") if presence[name].held]
    lengths = table.aggregate(names, _lengths)
    numbers = table.aggregate(names, _number_like, source=table.sample)
    looks = {name: _look(table, name, presence[name]) for name in names if lengths[name][2] >= LONG}
    labelled = {name for name in table.detailed if _has_labels(presence[name])}
    return {
        name: Texts(
            shortest=int(lengths[name][0]),
            longest=int(lengths[name][1]),
            mean_length=float(lengths[name][2]),
            blank=int(lengths[name][3]),
            padded=int(lengths[name][4]),
            number_like=numbers[name][0] / numbers[name][1] if numbers[name][1] else 0.0,
            clashes=clashes(level_counts(table, name, MOST_LEVELS)) if name in labelled else (),
            is_free=name in looks and looks[name].is_free,
            words=looks[name].words if name in looks else 0.0,
        )
        for name in names
    }


def _look(table: Table, name: str, presence: Presence) -> Wordiness:
    cell = name_of(name)
    query = f"SELECT left(CAST({cell} AS VARCHAR), {MARKS}) FROM {table.sample} WHERE {cell} IS NOT NULL"
    cells = [row[0] for row in table.fetch(f"{query} LIMIT {LOOKED_AT}")]
    found = wordiness(pd.Series(cells, dtype=object))
    return replace(found, distinct=presence.distinct, share=presence.distinct / presence.held)


def _has_labels(presence: Presence) -> bool:
    return presence.distinct <= min(MOST_LEVELS, presence.held / 2)


def _lengths(name: str) -> Sequence[str]:
    cell = f"CAST({name_of(name)} AS VARCHAR)"
    return (
        f"min(length({cell}))",
        f"max(length({cell}))",
        f"avg(length({cell}))",
        f"count(*) FILTER (trim({cell}) = '')",
        f"count(*) FILTER (length(trim({cell})) < length({cell}) AND trim({cell}) <> '')",
    )


def _number_like(name: str) -> Sequence[str]:
    cell = f"CAST({name_of(name)} AS VARCHAR)"
    return f"count(TRY_CAST({cell} AS DOUBLE))", f"count({cell}) FILTER (trim({cell}) <> '')"
