"""Rows are found by their bytes in ranges of any length, or the text is not cut at all."""

import csv
import io
import random
from itertools import pairwise
from pathlib import Path

import pytest

from projects.ingest.dialect import Dialect
from projects.ingest.row_ends import FEED, can_be_cut, row_ends
from projects.ingest.row_index import RowIndex, row_index

PLAIN = Dialect(",")
CELLS = ["1", "", "a b", 'he said "no"', "two\nlines", "x,y", '"', "\n", "größe", '","']


def index_of(text: bytes, size: int, dialect: Dialect = PLAIN, begin: int = 0) -> RowIndex | None:
    edges = [*range(begin, len(text), size), len(text)]
    ranges = [
        row_ends(
            text[start:stop],
            start,
            text[start - 1] if start > begin else FEED,
            text[stop] if stop < len(text) else FEED,
            dialect,
        )
        for start, stop in pairwise(edges)
    ]
    return row_index(ranges, len(text), text[-1:], begin, dialect)


def written(rows: list[list[str]], end: str = "\n") -> tuple[bytes, list[int]]:
    """Write rows; tell where each begins, and where the last one ends."""
    text, places = b"", [0]
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator=end).writerow(row)
        text += line.getvalue().encode()
        places.append(len(text))
    return text, places


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000, 10**6])
@pytest.mark.parametrize("seed", range(5))
def test_every_row_is_found_whatever_the_ranges(tmp_path: Path, size: int, seed: int) -> None:
    chance = random.Random(seed)
    rows = [[chance.choice(CELLS), *chance.choices(CELLS, k=2)] for _ in range(120)]
    text, places = written(rows)
    path = tmp_path / "rows.csv"
    path.write_bytes(text)
    index = index_of(text, size)
    assert index is not None
    assert index.lines == len(rows)
    assert index.beginnings(path, range(len(rows) + 1)) == places


def test_marks_lead_to_rows_far_behind_them(tmp_path: Path) -> None:
    text, places = written([[str(at), "x"] for at in range(5000)])
    path = tmp_path / "rows.csv"
    path.write_bytes(text)
    index = index_of(text, 10_000)
    assert index is not None
    assert len(index.numbers) > 5
    assert index.beginnings(path, [0, 511, 512, 513, 4999, 5000]) == [
        places[at] for at in (0, 511, 512, 513, 4999, 5000)
    ]


def test_a_last_row_without_an_end_counts() -> None:
    index = index_of(b"a,b\n1,2\n3,4", 4)
    assert index is not None
    assert index.lines == 3


@pytest.mark.parametrize(
    "text",
    [
        b'size,b\n5",x\n6",y\n',  # quotes that are letters
        b'a,b\n"x"y,2\n3,4\n',
        b'a,b\n"open,2\n3,4\n',
        b"a,b\r1,2\r3,4\r",  # an old machine's ends
        b"a,b\r\n1,2\n3,4\r\n",  # both kinds of ends
    ],
)
@pytest.mark.parametrize("size", [1, 5, 100])
def test_what_only_a_reader_from_the_beginning_understands_is_not_cut(text: bytes, size: int) -> None:
    assert index_of(text, size) is None


def test_ends_of_windows_are_ends(tmp_path: Path) -> None:
    text, places = written([["a", "b"], ["1", "x y"], ["2", "z"]], end="\r\n")
    path = tmp_path / "rows.csv"
    path.write_bytes(text)
    index = index_of(text, 3)
    assert index is not None
    assert index.beginnings(path, range(4)) == places


@pytest.mark.parametrize(
    "dialect", [Dialect(",", '"', "\\"), Dialect(",", skip=1), Dialect("§"), Dialect(",", skip=-1)]
)
def test_dialects_whose_rows_bytes_do_not_tell(dialect: Dialect) -> None:
    assert not can_be_cut(dialect)
