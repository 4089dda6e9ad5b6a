"""One file becomes raw tables: packings are opened, then the reader of its kind does the rest."""

from collections.abc import Iterator
from dataclasses import replace

from projects.ingest.database import read_tables
from projects.ingest.json_file import read_json_file
from projects.ingest.kinds import PACKED, READABLE, kind_of
from projects.ingest.lineage import digest_of
from projects.ingest.parquet_file import read_parquet_file
from projects.ingest.raw import Facts, FoundFile, RawTable, Skipped, Unreadable
from projects.ingest.sas import read_sas
from projects.ingest.spreadsheet import read_workbook
from projects.ingest.text_file import read_text_file
from projects.ingest.unpack import members, unpack_stream
from projects.ingest.width import check_width
from projects.ingest.workspace import Workspace

DEEPEST = 3
"""Packings in packings that are opened."""
SHARED = frozenset(("text", "parquet"))
"""What the workers of a cluster read by themselves."""
LARGE_BYTES = 80_000_000


def read_file(file: FoundFile, work: Workspace, depth: int = 0) -> Iterator[RawTable | Skipped]:
    """Read a file into its tables.

    Raises:
        Unreadable: It holds no table that can be read.
    """
    size = file.path.stat().st_size
    if size == 0:
        raise Unreadable(f"'{file.shown}' is empty; a table needs a header and rows")
    if size >= LARGE_BYTES:
        work.say(f"reading {file.shown}: {size / 1e6:,.0f} MB")
    kind = kind_of(file.path)
    if work.crew is not None and size >= 2 * work.crew.grain and kind not in SHARED:
        work.crew.tell_once(f"{file.shown} is {kind}: this machine reads it, and workers do what follows")
    if kind not in READABLE:
        raise Unreadable(
            f"'{file.shown}' is {kind}, not a table; give CSV, Excel, JSON, Parquet, SAS or a database"
        )
    if kind in PACKED or kind == "zip":
        yield from _packed(file, kind, work, depth)
    else:
        for table in _tables(file, kind, work):
            check_width(len(table.names), table.facts.shown)
            if table.facts.rows == 0:
                raise Unreadable(f"'{table.facts.shown}' has a header but no rows")
            yield table


def _packed(file: FoundFile, kind: str, work: Workspace, depth: int) -> Iterator[RawTable | Skipped]:
    if depth >= DEEPEST:
        raise Unreadable(f"'{file.shown}' is packed more than {DEEPEST} times over; unpack it yourself")
    if kind in PACKED:
        told = Facts(file.shown, kind, digest_of(file.path), file.path.stat().st_size)
        for part in read_file(unpack_stream(file, kind, work), work, depth + 1):
            yield _as_packed(part, told, kind)
        return
    count = 0
    for member in members(file, work):
        if isinstance(member, Skipped):
            yield member
            continue
        try:
            for part in read_file(member, work, depth + 1):
                count += isinstance(part, RawTable)
                yield part
        except Unreadable as error:
            yield Skipped(member.shown, str(error))
    if not count:
        raise Unreadable(f"'{file.shown}' holds no table that can be read")


def _as_packed(part: RawTable | Skipped, told: Facts, kind: str) -> RawTable | Skipped:
    if isinstance(part, Skipped):
        return part
    facts = replace(
        part.facts,
        shown=told.shown + part.facts.shown.removeprefix(told.shown.rsplit(".", 1)[0]),
        format=f"{kind} {part.facts.format}",
        sha256=told.sha256,
        size_bytes=told.size_bytes,
    )
    return replace(part, facts=facts)


def _tables(file: FoundFile, kind: str, work: Workspace) -> list[RawTable]:
    if kind == "text":
        return [read_text_file(file, work)]
    if kind == "json":
        return [read_json_file(file, Facts(file.shown, "json"), work)]
    facts = Facts(file.shown, kind, digest_of(file.path), file.path.stat().st_size)
    if kind == "parquet":
        return [read_parquet_file(file, facts, work)]
    if kind in {"xlsx", "xls", "ods"}:
        return read_workbook(file, kind, facts, work)
    if kind in {"sas7bdat", "xport"}:
        return [read_sas(file, kind, facts, work)]
    tables = read_tables(f"sqlite:///{file.path}", work)
    return [replace(t, facts=replace(t.facts, shown=f"{file.shown}#{t.name}")) for t in tables]
