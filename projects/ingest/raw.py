"""What was found, before anything is decided: files, and the raw tables in them as DuckDB can read them."""

from dataclasses import dataclass, field
from pathlib import Path

from projects.errors import BadInput

TEXT = "VARCHAR"


@dataclass(frozen=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: Where its bytes lie now (a download or a member of an archive lies in the workspace).
        shown: What a person calls it.
        is_named: Whether a person named this very file, so that it must be readable.
    """

    path: Path
    shown: str
    is_named: bool = True


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    shown: str
    reason: str


@dataclass(frozen=True)
class Facts:
    """What lineage tells of a file.

    Attributes:
        shown: What a person calls it.
        format: `csv`, `xlsx` ...; with the packing before it, as in `gzip csv`.
        sha256: The digest of the bytes as they were found, packed or not.
        size_bytes: Their number.
        encoding: Of texts.
        delimiter: Of delimited texts.
        quote: Their quote, empty if they have none.
        has_header: Whether the first row names the columns.
        rows: Data rows read.
    """

    shown: str
    format: str = ""
    sha256: str = ""
    size_bytes: int = 0
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    has_header: bool = True
    rows: int = 0


@dataclass(frozen=True)
class RawTable:
    """Rows of one file (or sheet, or database table) as SQL: columns c0, c1 ...

    Attributes:
        name: The table's name, made of the file's.
        facts: Where it came from.
        reading: A SELECT over `{files}`, a list of paths.
        paths: The files that it selects from.
        names: The columns' names: whole, unique.
        kinds: Their DuckDB types; text is VARCHAR.
        notices: What a person should know.
        target: The column to predict where the source knows it.
    """

    name: str
    facts: Facts
    reading: str
    paths: tuple[Path, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    notices: tuple[str, ...] = field(default=())
    target: str = ""


class Unreadable(BadInput):
    """One file cannot be read; among several it is left out and named."""
