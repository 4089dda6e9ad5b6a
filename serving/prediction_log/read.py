"""Reading the log: sealed and live records alike, each exactly once, while others write, seal and merge.

Live segments are read first and remembered; then sealed files are listed, and those of remembered segments
passed over. A segment that is sealed in between is thus read once, from whichever side it was met first.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from serving.prediction_log import catalogue, layout
from serving.prediction_log import outcomes as told
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.lines import read_chunks
from serving.prediction_log.newest import Newest
from serving.prediction_log.record import FORM, Record
from serving.prediction_log.tables import by_columns

_BATCH_RECORDS = 10_000
_CLOCK_MARGIN_S = 60.0  # a file system's clock may differ from the gateway's
_ATTEMPTS = 20
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Filter:
    model: str
    version: str | None
    variant: str | None
    since_s: float | None
    until_s: float | None
    shadow: bool | None

    def accepts(self, record: Record) -> bool:
        return (
            record.model == self.model
            and self.version in (None, record.version)
            and self.variant in (None, record.variant)
            and self.shadow in (None, record.shadow)
            and (self.since_s is None or record.ts_s >= self.since_s)
            and (self.until_s is None or record.ts_s < self.until_s)
        )

    def expression(self) -> pc.Expression:
        expression = pc.field("model") == self.model
        for name in ("version", "variant", "shadow"):
            if getattr(self, name) is not None:
                expression &= pc.field(name) == getattr(self, name)
        if self.since_s is not None:
            expression &= pc.field("ts") >= _timestamp(self.since_s)
        if self.until_s is not None:
            expression &= pc.field("ts") < _timestamp(self.until_s)
        return expression

    def has_day(self, day: str) -> bool:
        since = None if self.since_s is None else _day(self.since_s)
        until = None if self.until_s is None else _day(self.until_s)
        return (since is None or day >= since) and (until is None or day <= until)


def read(
    folder: Path,
    *,
    model: str,
    version: str | None = None,
    variant: str | None = None,
    since_s: float | None = None,
    until_s: float | None = None,
    shadow: bool | None = False,
    limit: int | None = None,
    outcomes: bool = False,
    s3_uri: str = "",
) -> pa.Table:
    """The logged predictions of a model, oldest first, one row a prediction.

    Args:
        folder: The log's folder; one that does not exist is an empty log.
        model: The registered model's name.
        version: Only this version's.
        variant: Only this variant's.
        since_s: From this time on, in seconds since 1970.
        until_s: Before this time, in seconds since 1970.
        shadow: False for what was answered, True for what shadows predicted, None for both.
        limit: Only the newest so many rows; memory is bounded by it.
        outcomes: Join what became of the predictions, whenever it came.
        s3_uri: The log's copy, `s3://bucket/prefix`, for what is not in the folder any more.

    Returns:
        prediction_id, ts (timestamp[us, UTC]), model, version, variant, shadow, request_id, user_key,
        features (a struct; null when no row has features), prediction, probabilities (list of doubles),
        latency_us; with outcomes also label (of a kind that holds all labels), value (double) and outcome_ts
        (timestamp[us, UTC]), null where nothing has come.

    Raises:
        BucketError: The bucket cannot be read.
    """
    wanted = _Filter(model, version, variant, since_s, until_s, shadow)
    bucket = Bucket(s3_uri) if s3_uri else None
    found = _settled(lambda: _predictions(folder, wanted, limit, bucket))
    if not outcomes:
        return found
    oldest_s = pc.min(found["ts"]).cast(pa.int64()).as_py()
    since = None if oldest_s is None else oldest_s / 1e6
    return told.join(found, _settled(lambda: _outcomes(folder, since, bucket)))


def read_outcomes(folder: Path, *, since_s: float | None = None, s3_uri: str = "") -> pa.Table:
    """What became of predictions, one row a prediction: the last label and the last value.

    Args:
        folder: The log's folder.
        since_s: Only outcomes that came since about then, in seconds since 1970; up to a day more is given.
        s3_uri: The log's copy, for what is not in the folder any more.

    Returns:
        prediction_id, label_json (the label as JSON), value, ts (when it was so) and received.

    Raises:
        BucketError: The bucket cannot be read.
    """
    bucket = Bucket(s3_uri) if s3_uri else None
    return told.latest(_settled(lambda: _outcomes(folder, since_s, bucket)))


def _settled(reading: Callable[[], pa.Table]) -> pa.Table:
    """What a reading finds when no file has vanished under it."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return reading()
        except catalogue.Moved:
            continue
    return reading()


def _predictions(folder: Path, wanted: _Filter, limit: int | None, bucket: Bucket | None) -> pa.Table:
    newest = Newest(limit)
    live: set[str] = set()
    for table in _live(folder, wanted, live):
        newest.add(table)
    above = layout.model_dir(folder, wanted.model)
    for day, files in catalogue.days(folder, above, bucket=bucket, is_wanted=wanted.has_day, live=live):
        if newest.is_complete_since(day):
            break
        for file in files:
            newest.add(file.read(filters=wanted.expression()))
    return newest.result()


def _outcomes(folder: Path, since_s: float | None, bucket: Bucket | None) -> pa.Table:
    home = layout.outcomes_dir(folder)
    live: set[str] = set()
    found = []
    for path, file in _opened(home, live):
        chunks = read_chunks(file, path.stem, told.FORM)
        found += [told.to_table(chunk.found) for chunk in chunks]
    first = "" if since_s is None else _day(max(0.0, since_s - _DAY_S))
    for _, files in catalogue.days(
        folder, home / "sealed", bucket=bucket, is_wanted=lambda day: day >= first, live=live
    ):
        found += [file.read() for file in files]
    return pa.concat_tables([told.SCHEMA.empty_table(), *(table.cast(told.SCHEMA) for table in found)])


def _live(folder: Path, wanted: _Filter, live: set[str]) -> Iterator[pa.Table]:
    needle = orjson.dumps(wanted.model)
    for path, file in _opened(folder, live, wanted.since_s):
        chunks = read_chunks(file, path.stem, FORM, containing=needle)
        yield from _tables(found for chunk in chunks for found in chunk.found if wanted.accepts(found))


def _opened(folder: Path, live: set[str], since_s: float | None = None) -> Iterator[tuple[Path, BinaryIO]]:
    """The segments that are there, each open and remembered; without those last written before a time."""
    for path in layout.segments(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:  # sealed since it was listed
            continue
        live.add(path.stem)
        with file:
            if since_s is None or os.fstat(file.fileno()).st_mtime >= since_s - _CLOCK_MARGIN_S:
                yield path, file


def _tables(records: Iterable[Record]) -> Iterator[pa.Table]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == _BATCH_RECORDS:
            yield from by_columns(batch)
            batch = []
    yield from by_columns(batch)


def _timestamp(time_s: float) -> pa.Scalar:
    return pa.scalar(round(time_s * 1e6), pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d")
