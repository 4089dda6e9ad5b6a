"""The cleaning plan: what is done to every column, to be read and corrected by people before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from projects.errors import BadInput
from projects.ingest.assemble import Assembly, Column
from projects.ingest.convert import Conversion
from projects.ingest.fix import NO_FIX, Fix
from projects.ingest.infer import Reading
from projects.ingest.typed import find_name
from projects.requirement.sections import Cleaning, Rule


@dataclass(frozen=True)
class PlannedColumn:
    """What is done to a column.

    Attributes:
        name: Its name after the plan.
        original: Its name before.
        column: Where it comes from.
        keep: Whether it stays.
        notes: What a person should know.
    """

    name: str
    original: str
    column: Column
    keep: bool
    notes: tuple[str, ...] = ()

    @property
    def conversion(self) -> Conversion:
        """How its cells become values."""
        return self.column.conversion

    @property
    def reading(self) -> Reading | None:
        """How it was read; None for what a join has counted."""
        return self.column.reading


@dataclass(frozen=True)
class Plan:
    """What is done to a table.

    Attributes:
        table: Its name.
        rows: Its rows before any are dropped.
        columns: All its columns, also those that are left out.
        joins: What was joined, in words.
        duplicates: Whether rows that repeat another are dropped.
        rules: What must hold.
    """

    table: str
    rows: int
    columns: tuple[PlannedColumn, ...]
    joins: tuple[str, ...] = ()
    duplicates: Literal["drop", "keep"] = "keep"
    rules: tuple[Rule, ...] = field(default=())

    @property
    def kept(self) -> tuple[PlannedColumn, ...]:
        """The columns of the clean table."""
        return tuple(column for column in self.columns if column.keep)


def make_plan(
    assembly: Assembly, fixes: Mapping[str, Fix], cleaning: Cleaning, rules: Sequence[Rule]
) -> Plan:
    """Plan the cleaning of an assembled table.

    Raises:
        BadInput: Two columns would have one name, or none is left.
    """
    columns = tuple(_planned(column, _fix_of(column, fixes)) for column in assembly.columns)
    names: dict[str, str] = {}
    for column in columns:
        if (
            column.keep
            and (other := names.setdefault(column.name.casefold(), column.original)) != column.original
        ):
            both = f"'{other}' and '{column.original}'"
            raise BadInput(f"the columns {both} would both be called '{column.name}'; rename one")
    if not names:
        raise BadInput("the cleaning plan leaves every column out; keep at least one")
    joins = tuple(step.told() for step in assembly.steps)
    rows = assembly.main.table.rows
    return Plan(assembly.main.name, rows, columns, joins, cleaning.duplicates, tuple(rules))


def _planned(column: Column, fix: Fix) -> PlannedColumn:
    reading = column.reading
    notes = reading.notes if reading is not None else ("counted by the join",)
    if reading is not None and reading.conversion.type != column.conversion.type:
        notes = (*notes, "averaged by the join")
    keep = fix.keep is not False
    return PlannedColumn(fix.rename or column.name, column.name, column, keep, notes)


def _fix_of(column: Column, fixes: Mapping[str, Fix]) -> Fix:
    own = reading.name if (reading := column.reading) else column.name
    for name in (column.name, f"{column.table}.{own}"):
        if (found := find_name(name, list(fixes))) is not None:
            return fixes[found]
    return NO_FIX
