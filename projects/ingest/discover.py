"""From a source to raw tables: files, buckets, databases and scikit-learn's tables, whichever are named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from projects.errors import BadInput
from projects.ingest.database import is_database_url, read_database, read_tables
from projects.ingest.names import table_name
from projects.ingest.places import find_files
from projects.ingest.raw import RawTable, Skipped, Unreadable
from projects.ingest.reader import read_file
from projects.ingest.sklearn_table import PREFIX, read_sklearn
from projects.ingest.text_file import plain_stem
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Database

Source = str | Path | Database | Sequence[str | Path]


@dataclass(frozen=True)
class Discovery:
    """What a source holds.

    Attributes:
        found: Its raw tables, in the order of their names within each place.
        skipped: What was left out, and why.
        name: A name for all of it.
    """

    found: tuple[RawTable, ...]
    skipped: tuple[Skipped, ...]
    name: str


def discover(source: Source, work: Workspace) -> Discovery:
    """Find and read what a source names.

    Raises:
        BadInput: A place does not exist, a file that is named cannot be read, or nothing can.
    """
    places = [source] if isinstance(source, str | Path | Database) else list(source)
    if not places:
        raise BadInput("name the data: a file, a folder, a glob, s3://..., sklearn:NAME, or a database")
    found: list[RawTable] = []
    skipped: list[Skipped] = []
    for place in places:
        for part in _read_place(place, work):
            if isinstance(part, Skipped):
                skipped.append(part)
            else:
                found.append(part)
    if not found:
        reasons = "; ".join(f"{entry.shown}: {entry.reason}" for entry in skipped[:5])
        raise BadInput(f"nothing in {_shown(places)} can be read as a table ({reasons})")
    return Discovery(tuple(found), tuple(skipped), _name(places))


def _read_place(place: str | Path | Database, work: Workspace) -> "list[RawTable | Skipped]":
    if isinstance(place, Database):
        return _filled(read_database(place, work))
    text = str(place)
    if text.startswith(PREFIX):
        return [read_sklearn(text, work)]
    if is_database_url(text):
        return _filled(read_tables(text, work))
    files = find_files(text, work)
    parts: list[RawTable | Skipped] = list(files.skipped)
    for file in files.files:
        try:
            parts += read_file(file, work)
        except Unreadable as error:
            if file.is_named:
                raise
            parts.append(Skipped(file.shown, str(error)))
    return parts


def _filled(tables: Sequence[RawTable]) -> "list[RawTable | Skipped]":
    return [table if table.facts.rows else Skipped(table.facts.shown, "it has no rows") for table in tables]


def _shown(places: Sequence[object]) -> str:
    return ", ".join(f"'{place}'" for place in places[:3])


def _name(places: Sequence[str | Path | Database]) -> str:
    """Name a source by its last folder or file, for tables stacked of many files."""
    first = places[0]
    if isinstance(first, Database):
        return table_name(first.table or "query")
    text = str(first).rstrip("/").removeprefix("s3://")
    marks = set() if Path(text).exists() else set("*?[")
    whole = [part for part in text.split("/") if part and not set(part) & marks]
    return table_name(plain_stem(whole[-1])) if whole else ""
