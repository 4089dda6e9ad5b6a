"""What an ingestion answers: the clean folder, and all that was found on the way to it."""

from dataclasses import dataclass
from pathlib import Path

from projects.ingest.raw import Facts, Skipped
from projects.ingest.schema import ColumnSchema


@dataclass(frozen=True)
class TableFound:
    """A table of the source.

    Attributes:
        name: What it is called.
        rows: Its rows.
        columns: Its columns.
        role: `main`, `joined` or `aside`.
    """

    name: str
    rows: int
    columns: tuple[str, ...]
    role: str


@dataclass(frozen=True)
class Ingested:
    """A folder of clean rows.

    Attributes:
        folder: Where they are.
        name: The main table's name, valid as a registered model's.
        rows: How many.
        columns: Their columns.
        sha256: The digest of the data as it was found.
        notices: What a person should know, in order of what happened.
        sources: Every file that was read.
        skipped: Every file that was left out, and why.
        tables: The tables found.
        target: The column to predict, where it was named or the source knows it.
    """

    folder: Path
    name: str
    rows: int
    columns: tuple[ColumnSchema, ...]
    sha256: str
    notices: tuple[str, ...]
    sources: tuple[Facts, ...]
    skipped: tuple[Skipped, ...]
    tables: tuple[TableFound, ...]
    target: str = ""
