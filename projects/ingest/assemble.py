"""The main table and what is joined to it: the columns of one clean table, and the SQL of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from projects.ingest.convert import Conversion
from projects.ingest.engine import name_of
from projects.ingest.infer import Reading
from projects.ingest.join import Step, key_pair, type_of
from projects.ingest.typed import TypedTable

ROW = '"\trow"'
"""No column's own name can start with a tab."""


@dataclass(frozen=True)
class Column:
    """A column of the clean table before corrections.

    Attributes:
        name: Unique among all columns.
        table: The table it comes from.
        reading: How its cells were read there; None for what a join has counted.
        sql: Where it stands in the assembled rows.
        conversion: How its values came to be; an average of truths is a number.
    """

    name: str
    table: str
    reading: Reading | None
    sql: str
    conversion: Conversion


@dataclass(frozen=True)
class Assembly:
    """The columns of one table made of several, and where its rows come from.

    Attributes:
        main: The table that gives the rows.
        steps: The joins.
        columns: All columns.
        source: What follows FROM, with the order of rows where joins could change it.
    """

    main: TypedTable
    steps: tuple[Step, ...]
    columns: tuple[Column, ...]
    source: str

    def select(self, columns: "Sequence[tuple[str, Column]]") -> str:
        """Write the SELECT of some columns under their last names."""
        exprs = ", ".join(f"{column.sql} AS {name_of(name)}" for name, column in columns)
        return f"SELECT {exprs} FROM {self.source}"


def assemble(main: TypedTable, steps: Sequence[Step]) -> Assembly:
    """Put the main table and its joins together."""
    columns = [
        Column(reading.name, main.name, reading, f"m.{name_of(reading.name)}", reading.conversion)
        for reading in main.readings
    ]
    if not steps:
        return Assembly(main, (), tuple(columns), f"{main.view} m")
    source = f"(SELECT *, row_number() OVER () AS {ROW} FROM {main.view}) m"
    places = {(main.name, column.name): column.sql for column in columns}
    for at, step in enumerate(steps):
        alias = f"t{at}"
        pairs = _keys(step, places)
        on = " AND ".join(f"{left} = {alias}.k{nth}" for nth, (left, _) in enumerate(pairs))
        source += f" LEFT JOIN ({_right(step, [right for _, right in pairs])}) {alias} ON {on}"
        added = _added(step, alias, {column.name.casefold() for column in columns})
        places |= {(step.right.name, column.reading.name): column.sql for column in added if column.reading}
        places |= {(step.right.name, name): f"{alias}.k{nth}" for nth, name in enumerate(step.key.right_on)}
        columns += added
    return Assembly(main, tuple(steps), tuple(columns), f"{source} ORDER BY m.{ROW}")


def _keys(step: Step, places: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [
        key_pair(
            places[step.to.name, left], type_of(step.to, left), name_of(right), type_of(step.right, right)
        )
        for left, right in zip(step.key.left_on, step.key.right_on, strict=True)
    ]


def _right(step: Step, keys: Sequence[str]) -> str:
    theirs = [f"{key} AS k{nth}" for nth, key in enumerate(keys)]
    filled = " AND ".join(f"{name_of(name)} IS NOT NULL" for name in step.key.right_on)
    kept = _kept(step)
    if step.key.is_unique:
        plain = [f"{name_of(reading.name)} AS v{at}" for at, reading in enumerate(kept)]
        return f"SELECT {', '.join([*theirs, *plain])} FROM {step.right.view} WHERE {filled}"
    means = [f"avg(CAST({name_of(reading.name)} AS DOUBLE)) AS v{at}" for at, reading in enumerate(kept)]
    grouped = ", ".join(str(nth + 1) for nth in range(len(keys)))
    return (
        f"SELECT {', '.join([*theirs, *means, f'count(*) AS v{len(kept)}'])} FROM {step.right.view}"
        f" WHERE {filled} GROUP BY {grouped}"
    )


def _kept(step: Step) -> list[Reading]:
    """Give the columns that a join adds: all but the key, or only what can be averaged."""
    rest = [reading for reading in step.right.readings if reading.name not in step.key.right_on]
    if step.key.is_unique:
        return rest
    return [reading for reading in rest if reading.conversion.type in {"number", "boolean"}]


def _added(step: Step, alias: str, taken: set[str]) -> list[Column]:
    added = []
    for at, reading in enumerate(_kept(step)):
        conversion = reading.conversion if step.key.is_unique else Conversion("number")
        name = _free(reading.name, step.right.name, taken)
        added.append(Column(name, step.right.name, reading, f"{alias}.v{at}", conversion))
    if not step.key.is_unique:
        name = _free(f"{step.right.name}_rows", step.right.name, taken)
        counting = Conversion("number", whole=True)
        added.append(Column(name, step.right.name, None, f"{alias}.v{len(added)}", counting))
    return added


def _free(name: str, table: str, taken: set[str]) -> str:
    free, number = name, 1
    while free.casefold() in taken:
        free = f"{table}_{name}" if number == 1 else f"{table}_{name}_{number}"
        number += 1
    taken.add(free.casefold())
    return free
