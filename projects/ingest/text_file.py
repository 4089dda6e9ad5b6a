"""Delimited text: its encoding and dialect are found, every row is cut once to be sure, DuckDB reads it."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from projects.ingest.cutting import cut_text
from projects.ingest.dialect import SAMPLE_CHARACTERS, Dialect, read_dialect
from projects.ingest.encoding import STRAY, Bytes, read_bytes, transcode
from projects.ingest.engine import files_of, text_of
from projects.ingest.names import clean_names, table_name
from projects.ingest.raw import TEXT, Facts, FoundFile, Origin, RawTable, Unreadable
from projects.ingest.rewrite import rewrite
from projects.ingest.row_index import RowIndex
from projects.ingest.width import check_width
from projects.ingest.workspace import Workspace

LONGEST_LINE = 1 << 25
PLAIN = Dialect(",")


@dataclass(frozen=True)
class _Sure:
    """A text that DuckDB reads to its end: where it lies, how it is cut there, how it was cut as found."""

    path: Path
    dialect: Dialect
    found: Dialect
    rows: int
    notices: tuple[str, ...]
    index: RowIndex | None = None


def read_text_file(file: FoundFile, work: Workspace) -> RawTable:
    """Find out how a delimited text is read.

    Raises:
        Unreadable: It holds no table, or too many of its rows are not as wide as the others.
    """
    told = read_bytes(file.path)
    path, notices = _utf8(file, told, work)
    dialect = _dialect(path, file)
    names = clean_names(dialect.header or [f"column_{n}" for n in range(1, dialect.width + 1)])
    notices += _told_names(names.changes) + (() if dialect.header else ("no header: columns are numbered",))
    origin = file.origin if path == file.path else None
    sure = _cut(path, origin, dialect, told.line_ends, work)
    sure = sure or _sure(path, dialect, told.line_ends, file, work)
    facts = Facts(
        file.shown, "csv" if dialect.delimiter != "\t" else "tsv", told.sha256, told.size,
        told.encoding, dialect.delimiter, sure.found.quote, bool(dialect.header), sure.rows,
    )  # fmt: skip
    kinds = (TEXT,) * len(names.clean)
    name = table_name(plain_stem(file.shown))
    return RawTable(
        name, facts, read_csv(sure.dialect), (sure.path,), names.clean, kinds, notices + sure.notices,
        origin=origin if sure.path == path else None, index=sure.index, headless=_headless(sure.dialect),
    )  # fmt: skip


def plain_stem(shown: str) -> str:
    """Name a file without its folders and its suffixes of tables and packings.

    >>> plain_stem("a/b.zip!day.one.csv.gz")
    'day.one'
    """
    from projects.ingest.kinds import SUFFIXES

    stem = shown.rsplit("!", 1)[-1].rsplit("/", 1)[-1]
    while Path(stem).suffix.lower() in SUFFIXES and Path(stem).stem:
        stem = Path(stem).stem
    return stem


def _utf8(file: FoundFile, told: Bytes, work: Workspace) -> tuple[Path, tuple[str, ...]]:
    if told.is_plain:
        return file.path, ()
    path = work.new_path(".csv")
    work.need(2 * told.size, f"'{file.shown}' in UTF-8")
    transcode(file.path, told.encoding, path)
    if told.encoding == STRAY:
        return path, ("some bytes are not UTF-8 like the rest; they are read as cp1252",)
    return path, (f"read in {told.encoding}",)


def _dialect(path: Path, file: FoundFile) -> Dialect:
    with path.open(encoding="utf-8-sig", newline="") as text:
        sample = text.read(SAMPLE_CHARACTERS)
        is_whole = not text.read(1)
    dialect = read_dialect(sample, is_whole=is_whole)
    if dialect is None:
        raise Unreadable(f"'{file.shown}' has no header; its first line must name the columns")
    check_width(dialect.width, file.shown)
    if sample[:1] in "\r\n":
        return replace(dialect, skip=max(dialect.skip, 0) or -1)
    return dialect


def _told_names(changes: tuple[str, ...]) -> tuple[str, ...]:
    if not changes:
        return ()
    more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
    return (f"columns renamed: {', '.join(changes[:5])}{more}",)


def _headless(dialect: Dialect) -> str:
    return read_csv(replace(dialect, header=()))


def _cut(
    path: Path, origin: Origin | None, dialect: Dialect, line_ends: int, work: Workspace
) -> _Sure | None:
    """Have workers cut every row once; None where this process is to do it, or finds it needful to look."""
    index = cut_text(path, origin, dialect, _headless(dialect), work.crew) if work.crew else None
    is_suspect = index is not None and dialect.quote and line_ends > index.lines
    if index is None or (is_suspect and _lines_agree(path, dialect)):
        return None
    return _Sure(path, dialect, dialect, index.lines - bool(dialect.header), (), index)


def _sure(path: Path, dialect: Dialect, line_ends: int, file: FoundFile, work: Workspace) -> _Sure:
    """Cut every row once; write the text anew where DuckDB's strict reader stumbles."""
    notices: tuple[str, ...] = ()
    rows = _count(path, dialect, work) if dialect.skip == 0 else None
    if rows is None and dialect.skip == 0:
        patient = replace(dialect, has_long_lines=True)
        rows = _count(path, patient, work)
        dialect = dialect if rows is None else patient
    is_suspect = rows is None or line_ends > rows + bool(dialect.header)
    if dialect.quote and is_suspect and _lines_agree(path, dialect):
        dialect, notices = replace(dialect, quote="", escape=""), ("quotes stand for themselves",)
        rows = _count(path, dialect, work) if dialect.skip == 0 else None
    if rows is not None:
        return _Sure(path, dialect, dialect, rows, notices)
    clean = work.new_path(".csv")
    work.need(path.stat().st_size, f"'{file.shown}' written anew")
    done = rewrite(path, clean, replace(dialect, skip=max(dialect.skip, 0)), file)
    plain = replace(PLAIN, header=dialect.header, width=dialect.width)
    return _Sure(clean, plain, dialect, done.rows, notices + done.notices)


def _lines_agree(path: Path, dialect: Dialect) -> bool:
    """Whether every line has all cells if quotes are plain letters, which then swallow no line ends."""
    commas = dialect.width - 1
    with path.open(encoding="utf-8-sig") as lines:
        has_quotes = False
        for line in lines:
            if line.count(dialect.delimiter) != commas and line.strip():
                return False
            has_quotes = has_quotes or dialect.quote in line
    return commas > 0 and has_quotes


def _count(path: Path, dialect: Dialect, work: Workspace) -> int | None:
    """Count the rows of a file under a dialect, None if some row does not fit it."""
    import duckdb

    source = read_csv(dialect).format(files=files_of([path]))
    with suppress(duckdb.Error):
        return int(work.rows(f"SELECT count(*) FROM ({source})")[0][0])
    return None


def read_csv(dialect: Dialect) -> str:
    """Write the SELECT that reads files of a dialect, every cell as text, missing where empty."""
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(dialect.width))
    quote, escape = (text_of(dialect.quote), text_of(dialect.escape)) if dialect.quote else ("''", "''")
    # DuckDB's buffers grow with the longest line that is allowed.
    longest = (
        f" max_line_size={LONGEST_LINE}, buffer_size={2 * LONGEST_LINE}, parallel=false,"
        if dialect.has_long_lines
        else ""
    )
    return (
        "SELECT * FROM read_csv({files}, auto_detect=false, strict_mode=true, compression='none',"
        f" header={str(bool(dialect.header)).lower()}, delim={text_of(dialect.delimiter)}, quote={quote},"
        f" escape={escape},{longest} columns={{{{{columns}}}}})"
    )
