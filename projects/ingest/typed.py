"""A table whose columns have been told: a view of typed columns in DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.convert import convert_columns
from projects.ingest.engine import make_room, name_of
from projects.ingest.fix import Fix
from projects.ingest.infer import Reading, infer
from projects.ingest.table import Table
from projects.ingest.workspace import Workspace


@dataclass(frozen=True)
class TypedTable:
    """A table and how each of its columns is read."""

    table: Table
    readings: tuple[Reading, ...]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def view(self) -> str:
        """The name of its view, as SQL."""
        return name_of(f"table {self.name}")

    def reading(self, column: str) -> Reading | None:
        """Find a column by its name, letter case aside where that is clear."""
        found = find_name(column, [reading.name for reading in self.readings])
        return next((reading for reading in self.readings if reading.name == found), None)


def find_name(asked: str, names: "list[str] | tuple[str, ...]") -> str | None:
    """Find a column's name as it is written, else letter case and outer blanks aside."""
    if asked in names:
        return asked
    return next((name for name in names if name.casefold() == asked.strip().casefold()), None)


def type_table(table: Table, fixes: Mapping[str, Fix], target: str, work: Workspace) -> TypedTable:
    """Tell a table's columns and make its view."""
    asked: dict[str, Fix] = {}
    for key, fix in fixes.items():
        column = key.removeprefix(f"{table.name}.")
        name = find_name(column, table.names)
        if name is not None:
            asked[name] = fix
    wanted = find_name(target, table.names) if target else None
    make_room(work.engine, len(table.names))
    table = table.as_texts([name for name, fix in asked.items() if fix.is_reading])
    typed = TypedTable(table, infer(table, asked, wanted or "", work))
    make_view(typed, work)
    return typed


def retyped(typed: TypedTable, fixes: Mapping[str, Fix], work: Workspace) -> TypedTable:
    """Tell the corrected columns of a table anew."""
    asked = {name: fix for name, fix in fixes.items() if fix.is_reading}
    if not asked:
        return typed
    table = typed.table.as_texts(list(asked))
    again = {reading.name: reading for reading in infer(table, asked, "", work)}
    readings = tuple(again[reading.name] if reading.name in asked else reading for reading in typed.readings)
    done = replace(typed, table=table, readings=readings)
    make_view(done, work)
    return done


def make_view(typed: TypedTable, work: Workspace) -> None:
    """Make the view of a table's typed columns, in the order of its rows."""
    work.rows(f"CREATE OR REPLACE TEMP VIEW {typed.view} AS {typed_sql(typed, f'({typed.table.sql})')}")


def typed_sql(typed: TypedTable, source: str) -> str:
    """Write the SELECT of a table's typed columns from its raw ones."""
    exprs = convert_columns(
        [reading.name for reading in typed.readings],
        [reading.kind for reading in typed.readings],
        [reading.conversion for reading in typed.readings],
        [reading.has_marks for reading in typed.readings],
    )
    return f"SELECT {', '.join(exprs)} FROM {source}"


def check_fixes(fixes: Mapping[str, Fix], tables: "tuple[TypedTable, ...] | list[Table]") -> None:
    """Refuse corrections of columns that no table has.

    Raises:
        BadInput: One is for a column that is not there.
    """
    inner = [table.table if isinstance(table, TypedTable) else table for table in tables]
    names = [name for table in inner for name in table.names]
    known = [*names, *(f"{table.name}.{name}" for table in inner for name in table.names)]
    for name in fixes:
        if find_name(name, known) is None:
            near = did_you_mean(name, names)
            raise BadInput(f"cleaning corrects the column '{name}', which is not in the data; {near}")
