"""What a person has corrected about a column, in the requirement or in the plan's file."""

from collections.abc import Mapping
from dataclasses import dataclass

from projects.ingest.convert import ColumnType
from projects.requirement.sections import ColumnCleaning


@dataclass(frozen=True)
class Fix:
    """Corrections of one column; what is empty or None is left as it was found.

    Attributes:
        type: Read it as this.
        keep: False leaves it out.
        rename: Its new name.
        missing: More texts that stand for a gap.
        not_missing: Texts that are no gap here.
        formats: Formats of its dates.
        decimal: The decimal mark of its numbers.
    """

    type: ColumnType | None = None
    keep: bool | None = None
    rename: str | None = None
    missing: tuple[str, ...] = ()
    not_missing: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    decimal: str = ""

    @property
    def is_reading(self) -> bool:
        """Whether it changes how cells are read."""
        return bool(self.type or self.missing or self.not_missing or self.formats or self.decimal)

    def over(self, other: "Fix") -> "Fix":
        """Lay this correction over another one."""
        return Fix(
            self.type or other.type,
            other.keep if self.keep is None else self.keep,
            self.rename or other.rename,
            tuple(dict.fromkeys((*other.missing, *self.missing))),
            tuple(dict.fromkeys((*other.not_missing, *self.not_missing))),
            self.formats or other.formats,
            self.decimal or other.decimal,
        )


NO_FIX = Fix()


def fixes_of(columns: Mapping[str, ColumnCleaning]) -> dict[str, Fix]:
    """Read the corrections out of a requirement."""
    return {
        name: Fix(asked.type, False if not asked.keep else None, asked.rename, asked.missing)
        for name, asked in columns.items()
    }
