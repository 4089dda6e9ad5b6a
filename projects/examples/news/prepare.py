"""The raw file of UCI's News Aggregator becomes a table: title, source, published and category.

Tab-separated lines without a header and without quoting: number, title, URL, publisher, category (`b`, `e`,
`m` or `t`), story, host, and when it was published in milliseconds since 1970.
"""

import csv
import gzip
import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from projects.errors import BadInput

CATEGORIES: Mapping[str, str] = {"b": "business", "e": "entertainment", "m": "health", "t": "technology"}
HEADER = ("title", "source", "published", "category")
FIELDS = 8
TITLE, PUBLISHER, CATEGORY, PUBLISHED = 1, 3, 4, 7
GZIP = b"\x1f\x8b"
MOST_LEFT_OUT = 0.5
"""With more lines than this that are no articles, the file is not what it is taken for."""
Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Prepared:
    """A table of articles.

    Attributes:
        path: The CSV file; its name tells what is in it.
        articles: How many rows it has.
        left_out: How many lines were left out, by why.
    """

    path: Path
    articles: int
    left_out: Mapping[str, int]


def prepare(raw: Path, folder: Path, *, articles: int | None = None) -> Prepared:
    """Write the table of a raw file.

    Args:
        raw: The file, plain or gzipped, UTF-8 (a line that is not is read as Latin-1).
        folder: Where the table goes, under a name made of its content; it is made if need be.
        articles: How many of them are taken, from the first on; None for all.

    Raises:
        BadInput: The file cannot be read, or is no such file.
    """
    left_out: Counter[str] = Counter()
    rows = list(islice(_rows(raw, left_out), articles))
    _refuse_other_files(raw, len(rows), left_out)
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.blake2b(repr(rows).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    path, beside = folder / f"articles-{digest}.csv", folder / f".articles-{digest}.{os.getpid()}"
    with beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
    beside.replace(path)
    return Prepared(path, len(rows), dict(left_out))


def row_of(line: str) -> Row | str:
    r"""Return the row of a raw line, or why it is none.

    >>> row_of("1\tFed is patient\thttp://x\tReuters\tb\tdd\tx\t1394470370698")
    ('Fed is patient', 'Reuters', '2014-03-10T16:52:50Z', 'business')
    >>> row_of("1\tFed is patient")
    'other than 8 fields'
    """
    fields = line.rstrip("\r\n").split("\t")
    if len(fields) != FIELDS:
        return f"other than {FIELDS} fields"
    category = CATEGORIES.get(fields[CATEGORY].strip().lower())
    if category is None:
        return f"a category other than {', '.join(CATEGORIES)}"
    title = fields[TITLE].strip()
    if not title:
        return "no title"
    return title, fields[PUBLISHER].strip(), _published(fields[PUBLISHED]), category


def _published(cell: str) -> str:
    """Return milliseconds since 1970 as ISO 8601, to the second; nothing for what is no such number."""
    try:
        moment = datetime.fromtimestamp(int(cell) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _rows(raw: Path, left_out: Counter[str]) -> Iterator[Row]:
    for line in _lines(raw):
        if not line.strip():
            continue
        row = row_of(line)
        if isinstance(row, str):
            left_out[row] += 1
        else:
            yield row


def _lines(raw: Path) -> Iterator[str]:
    try:
        with raw.open("rb") as file:
            opener = gzip.open if file.read(len(GZIP)) == GZIP else open
        with opener(raw, "rb") as file:
            for line in file:
                yield _decoded(line)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(
            f"the raw news '{raw}' cannot be read ({error}); name the file with -P data=FILE"
        ) from error


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _refuse_other_files(raw: Path, articles: int, left_out: Counter[str]) -> None:
    lines = articles + left_out.total()
    if articles and left_out.total() <= MOST_LEFT_OUT * lines:
        return
    reasons = ", ".join(f"{count:,} have {why}" for why, count in left_out.most_common()) or "it is empty"
    raise BadInput(
        f"'{raw}' is not the raw news: {articles:,} of {lines:,} lines are articles, {reasons}; name the file"
        " newsCorpora.csv of UCI's News Aggregator, or a part of it: tab-separated, 8 fields a line"
    )
