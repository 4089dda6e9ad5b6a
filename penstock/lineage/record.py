"""One prediction found in the log by its id alone: the id carries its time, so few files are looked at."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from serving.prediction_log import catalogue, layout
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.lines import read_chunks
from serving.prediction_log.record import FORM, LATEST_TS_S, Record
from serving.prediction_log.tables import by_columns

MOST_ROWS = 100
"""Of a request with more rows, so many are given."""
SLOWEST_S = 300.0
"""So long after its id was made a request may be answered, and so much may two clocks differ."""
_UUID_CHARS = 36
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class PredictionId:
    """A prediction's id, taken apart.

    Attributes:
        request: The request's id, a UUIDv7.
        row: The row's number in its request; None for the request.
        made_s: When it was made, in seconds since 1970.
    """

    request: str
    row: str | None
    made_s: float


def parse_id(text: str) -> PredictionId | None:
    """Take an id apart; None for what is none of the log's."""
    head, tail = text[:_UUID_CHARS], text[_UUID_CHARS:]
    try:
        known = uuid.UUID(head)
    except ValueError:
        return None
    is_row = tail.startswith("-") and tail[1:].isdecimal() and tail[1:].isascii()
    if str(known) != head or known.version != 7 or (tail and not is_row):
        return None
    made_s = (known.int >> 80) / 1000
    return PredictionId(head, tail[1:] or None, made_s) if made_s < LATEST_TS_S - SLOWEST_S else None


def find(folder: Path, wanted: PredictionId, *, s3_uri: str = "") -> list[dict[str, Any]]:
    """The rows of a prediction, those of its request where the id names none; empty where there are none.

    Args:
        folder: The log's folder; one that does not exist is an empty log.
        wanted: The id.
        s3_uri: The log's copy, for what is not in the folder any more.

    Returns:
        A mapping a row, with the log's columns.

    Raises:
        BucketError: The bucket cannot be read.
    """
    bucket = Bucket(s3_uri) if s3_uri else None
    for _ in range(_ATTEMPTS):
        try:
            tables = list(_tables(folder, wanted, bucket))
            break
        except catalogue.Moved:
            continue
    else:
        tables = list(_tables(folder, wanted, bucket))
    rows = [row for table in tables for row in table.slice(0, MOST_ROWS).to_pylist()]
    # The first row of a request is called by the request's id alone where it is the only one.
    exact = [
        row for row in rows if wanted.row is None or row["prediction_id"] == f"{wanted.request}-{wanted.row}"
    ]
    found = exact or [row for row in rows if wanted.row == "0" and row["prediction_id"] == wanted.request]
    return sorted(found, key=lambda row: (len(row["prediction_id"]), row["prediction_id"]))[:MOST_ROWS]


def _tables(folder: Path, wanted: PredictionId, bucket: Bucket | None) -> Iterator[pa.Table]:
    live: set[str] = set()
    for records in _live(folder, wanted, live):
        yield from (table.filter(_is_wanted(table, wanted)) for table in by_columns(records))
    days = {_day(wanted.made_s - SLOWEST_S), _day(wanted.made_s), _day(wanted.made_s + SLOWEST_S)}
    # From the id to just behind all of its rows: "-" comes before "." among letters.
    names = pc.field("prediction_id")
    between = (names >= wanted.request) & (names < f"{wanted.request}.")
    for above in _models(folder, bucket, days):
        found = catalogue.days(
            folder,
            above,
            bucket=bucket,
            is_wanted=days.__contains__,
            live=live,
            on_broken=catalogue.pass_over,
        )
        for _, files in found:
            for table in catalogue.readable(files, filters=between):
                if table.num_rows:
                    yield table.filter(_is_wanted(table, wanted))


def _live(folder: Path, wanted: PredictionId, live: set[str]) -> Iterator[list[Record]]:
    needle = wanted.request.encode()
    for path in layout.segments(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:  # sealed since it was listed
            continue
        live.add(path.stem)
        with file:
            if os.fstat(file.fileno()).st_mtime < wanted.made_s - SLOWEST_S:
                continue
            for chunk in read_chunks(file, path.stem, FORM, containing=needle):
                records = [found for found in chunk.found if found.prediction_id == wanted.request]
                if records:
                    yield records


def _models(folder: Path, bucket: Bucket | None, days: set[str]) -> list[Path]:
    """The folders of models that have any of these days."""
    home = folder / "sealed"
    found = {path.parent for day in days for path in home.glob(f"model=*/day={day}")}
    if bucket is not None:
        for name in bucket.names("sealed/"):
            parts = name.split("/")
            if len(parts) == 4 and parts[2].removeprefix("day=") in days:
                found.add(home / parts[1])
    return sorted(found)


def _is_wanted(table: pa.Table, wanted: PredictionId) -> pa.ChunkedArray:
    """Not the shadows' rows, whose ids are their own; and of a row's id, not its neighbours'."""
    is_answered = pc.invert(table["shadow"])
    if wanted.row is None:
        return is_answered
    names = pa.array({f"{wanted.request}-{wanted.row}", wanted.request})
    return pc.and_(is_answered, pc.is_in(table["prediction_id"], value_set=names))


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(max(0.0, time_s), UTC).strftime("%Y-%m-%d")
