"""Column names made whole: no blanks, none empty, none twice (letter case aside), and each change told."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

RESERVED = frozenset(("file_row_number", "filename"))
"""DuckDB's own names in a Parquet file."""


@dataclass(frozen=True)
class Names:
    """Columns' names and what was changed in them."""

    clean: tuple[str, ...]
    changes: tuple[str, ...]


def clean_names(found: Sequence[str]) -> Names:
    """Make names that every format can hold.

    Names that differ in letter case alone are taken for the same, as databases and Parquet readers do.

    >>> clean_names(["a", "", "A"]).clean
    ('a', 'column_2', 'A_2')
    """
    given = [_trimmed(name) or f"column_{at}" for at, name in enumerate(found, start=1)]
    taken = {name.casefold() for name in given}
    seen = set(RESERVED)
    clean: list[str] = []
    for name in given:
        free = name if name.casefold() not in seen else _free(name, taken)
        seen.add(free.casefold())
        taken.add(free.casefold())
        clean.append(free)
    return Names(tuple(clean), tuple(_changes(found, clean)))


def _trimmed(name: str) -> str:
    whole = unicodedata.normalize("NFC", name).replace("\ufeff", "").replace("\x00", "")
    return re.sub(r"\s+", " ", whole).strip()


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}".casefold() in taken:
        number += 1
    return f"{name}_{number}"


def _changes(found: Sequence[str], clean: Sequence[str]) -> Iterable[str]:
    for at, (old, new) in enumerate(zip(found, clean, strict=True), start=1):
        if old != new:
            yield f"{repr(old) if old.strip() else f'column {at}'} is {new!r}"


def table_name(text: str) -> str:
    """Make a name that a registered model can bear of any text.

    >>> table_name("My table (1)")
    'My_table_1'
    """
    return re.sub(r"[^\w-]+", "_", text).strip("_") or "model"
