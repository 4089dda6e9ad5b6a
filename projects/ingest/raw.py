"""What was found, before anything is decided: files, and the raw tables in them as DuckDB can read them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from projects.errors import BadInput

if TYPE_CHECKING:
    from projects.ingest.row_index import RowIndex

TEXT = "VARCHAR"
OF_PARQUET = "FROM read_parquet({files})"
ROW_NUMBER = "file_row_number"


@dataclass(frozen=True)
class Origin:
    """Where a fetched file's bytes lie for others.

    Attributes:
        url: `s3://bucket/key`.
        stamp: The object's ETag: what has another one is no longer what was fetched.
    """

    url: str
    stamp: str


@dataclass(frozen=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: Where its bytes lie now (a download or a member of an archive lies in the workspace).
        shown: What a person calls it.
        is_named: Whether a person named this very file, so that it must be readable.
        origin: Where it was fetched from.
    """

    path: Path
    shown: str
    is_named: bool = True
    origin: Origin | None = None


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
        origin: Where the bytes that it selects from were fetched from, as they lie there.
        index: Of a delimited text: where its rows begin, if it was cut.
        headless: The reading of some of its rows, without its header.
    """

    name: str
    facts: Facts
    reading: str
    paths: tuple[Path, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    notices: tuple[str, ...] = field(default=())
    target: str = ""
    origin: Origin | None = None
    index: "RowIndex | None" = None
    headless: str = ""

    @property
    def numbered(self) -> str:
        """The reading of the rows from `{first}` to before `{last}`; empty where rows have no numbers."""
        if not self.reading.endswith(OF_PARQUET) or ROW_NUMBER in self.reading:
            return ""
        source = self.reading.removesuffix(OF_PARQUET)
        which = f"{ROW_NUMBER} >= {{first}} AND {ROW_NUMBER} < {{last}}"
        return f"{source}FROM read_parquet({{files}}, {ROW_NUMBER}=true) WHERE {which}"


class Unreadable(BadInput):
    """One file cannot be read; among several it is left out and named."""
