"""What discovery has seen of a column, which is what a sentence about the data can be understood by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from projects.requirement.words import name_words

MOST_CLASSES = 100
FEW = 20
"""Whole numbers with at most this many distinct values may be classes."""
YES_AND_NO = frozenset({"yes", "no", "y", "n", "true", "false"})
IDENTIFIERS = frozenset({"id", "uuid", "guid", "key", "index", "rownum", "identifier", "unnamed", "instant"})


@dataclass(frozen=True)
class ColumnSeen:
    """A column of a discovered table.

    Attributes:
        name: Its name.
        table: Its table's name.
        kind: What its cells are.
        distinct: How many distinct values were seen.
        rows: How many rows were seen.
        examples: A few of its values, as text.
    """

    name: str
    table: str
    kind: Literal["number", "text", "date", "boolean"]
    distinct: int
    rows: int
    examples: tuple[str, ...] = ()

    @property
    def can_be_classes(self) -> bool:
        """Whether its values can be labels: few texts, truths, or few whole numbers."""
        if self.kind == "boolean":
            return True
        if self.kind == "text":
            return 2 <= self.distinct <= MOST_CLASSES and self.distinct < max(3, 0.5 * self.rows)
        return self.kind == "number" and 2 <= self.distinct <= FEW and self.has_whole_numbers

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it holds two values, or yes and no beside others."""
        return self.distinct == 2 or any(each.casefold() in YES_AND_NO for each in self.examples)

    @property
    def can_be_number(self) -> bool:
        """Whether its values can be an amount."""
        return self.kind == "number" and self.distinct > 2

    @property
    def has_whole_numbers(self) -> bool:
        """Whether no example has a fraction."""
        return all(_is_whole(example) for example in self.examples)

    @property
    def is_identifier(self) -> bool:
        """Whether it only names its row."""
        words = name_words(self.name) or ("unnamed",)
        named = words[-1] in IDENTIFIERS or words[0] == "unnamed" or words == ("id",)
        is_unique = self.rows > 20 and self.distinct >= 0.95 * self.rows
        return (
            (named and self.distinct > MOST_CLASSES)
            or (is_unique and named)
            or (is_unique and self.kind == "text")
        )

    @property
    def can_be_target(self) -> bool:
        """Whether there is anything to predict in it."""
        return self.distinct >= 2 and self.kind != "date" and not self.is_identifier

    @property
    def values_in_words(self) -> frozenset[str]:
        """Its example texts without the marks around them: `>50K` is `50k`; none for numbers."""
        return frozenset(each.strip(" <>=$").casefold() for each in self.examples if self.kind == "text")

    def described(self) -> str:
        """Say what it is, for a person to choose."""
        values = f", such as {', '.join(repr(each) for each in self.examples[:3])}" if self.examples else ""
        plural = "numbers" if self.kind == "number" else f"{self.kind}s"
        return f"{self.name} ({self.distinct} distinct {plural}{values})"


def see_frame(frame: pd.DataFrame, table: str, *, examples: int = 5) -> tuple[ColumnSeen, ...]:
    """Look at the columns of a frame, which may be a sample of the table."""
    return tuple(_see(frame.iloc[:, at], table, examples) for at in range(frame.shape[1]))


def _see(cells: "pd.Series[Any]", table: str, examples: int) -> ColumnSeen:
    held = cells.dropna()
    values = held.drop_duplicates()
    return ColumnSeen(str(cells.name), table, _kind(held), len(values), len(cells),
                      tuple(str(value)[:60] for value in values.head(examples)))  # fmt: skip


def _kind(held: "pd.Series[Any]") -> Literal["number", "text", "date", "boolean"]:
    if pd.api.types.is_bool_dtype(held):
        return "boolean"
    if pd.api.types.is_numeric_dtype(held):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(held) else "text"


def _is_whole(text: str) -> bool:
    try:
        return float(text).is_integer()
    except ValueError:
        return True


def listed(columns: Sequence[ColumnSeen], most: int = 12) -> str:
    """Name columns for a sentence, at most some of them."""
    names = [column.name for column in columns]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
