"""The log as a stream of tables, in bounded memory, past whatever is broken.

Every file of interest is opened before the first row is given: what is sealed, merged or pruned meanwhile
stays readable, so a stream never has to begin again. Live segments come first, then sealed files, those with
the newest rows first. A file that cannot be read is skipped, remembered by its name, and said once.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.prediction_log import catalogue, layout
from serving.prediction_log import outcomes as told
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.lines import BrokenLine, read_chunks
from serving.prediction_log.record import FORM, Record
from serving.prediction_log.tables import by_columns

_logger = logging.getLogger(__name__)
ROWS_AT_ONCE = 32_768
CLOCK_MARGIN_S = 60.0
"""A file system's clock may differ from the gateway's."""
_ATTEMPTS = 20
_REMEMBERED = 10_000
ALWAYS_S = float("inf")


class Part(NamedTuple):
    """Some rows of the stream.

    Attributes:
        table: The rows, in no order.
        rest_until_s: All rows that are still to come are from before this time.
    """

    table: pa.Table
    rest_until_s: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which predictions of a model.

    Attributes:
        model: The registered model's name.
        since_s: From this time on, in seconds since 1970.
        until_s: Before this time.
        version: Only this version's.
        variant: Only this variant's.
        columns: Only these columns of the log; None for all.
    """

    model: str
    since_s: float
    until_s: float
    version: str | None = None
    variant: str | None = None
    columns: tuple[str, ...] | None = None

    def accepts(self, record: Record) -> bool:
        """Whether a record is wanted."""
        return (
            record.model == self.model
            and not record.shadow
            and _micros(self.since_s) <= _micros(record.ts_s) < _micros(self.until_s)
            and self.version in (None, record.version)
            and self.variant in (None, record.variant)
        )

    def expression(self) -> pc.Expression:
        """The same for tables."""
        wanted = (pc.field("model") == self.model) & ~pc.field("shadow")
        wanted &= (pc.field("ts") >= _timestamp(self.since_s)) & (pc.field("ts") < _timestamp(self.until_s))
        for name in ("version", "variant"):
            if getattr(self, name) is not None:
                wanted &= pc.field(name) == getattr(self, name)
        return wanted


@dataclass(slots=True)
class Scanner:
    """Streams over one log; keeps what it learned of sealed files, which never change.

    Attributes:
        folder: The log's folder; one that does not exist is an empty log.
        s3_uri: The log's copy, `s3://bucket/prefix`, for what is not in the folder any more.
        broken: Files that could not be read, or not wholly, and why.
    """

    folder: Path
    s3_uri: str = ""
    broken: dict[str, str] = field(default_factory=dict)
    _spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    _unreadable: set[str] = field(default_factory=set)

    def predictions(self, wanted: Wanted) -> Iterator[Part]:
        """The answered predictions that are wanted, shadows left out, in tables of bounded size.

        Raises:
            BucketError: The bucket cannot be read.
        """
        above = layout.model_dir(self.folder, wanted.model)
        look = _Look(self.folder, above, "ts", wanted.since_s, wanted.until_s)
        with ExitStack() as opened:
            live, sealed = self._opened(opened, look)
            for path, file in live:
                for table in self._live_tables(path, file, wanted):
                    yield Part(table, ALWAYS_S)
            for each in sealed:
                for table in self._sealed_tables(each, wanted):
                    yield Part(table, each.until_s)

    def outcomes(self, since_s: float) -> Iterator[pa.Table]:
        """What came of predictions and was received since a time, in tables of `outcomes.SCHEMA`.

        Args:
            since_s: In seconds since 1970.

        Raises:
            BucketError: The bucket cannot be read.
        """
        home = layout.outcomes_dir(self.folder)
        is_new = pc.field("received") >= _timestamp(since_s)
        with ExitStack() as opened:
            live, sealed = self._opened(opened, _Look(home, home / "sealed", "received", since_s, ALWAYS_S))
            for path, file in live:
                for chunk in read_chunks(file, path.stem, told.FORM):
                    self._note_lines(chunk.broken)
                    yield told.to_table(chunk.found).filter(is_new)
            for each in sealed:
                for table in self._batches(each, None):
                    yield table.cast(told.SCHEMA).filter(is_new)

    def forget_gone(self) -> None:
        """Remember no longer what is broken in files of the folder that are not there any more."""
        for name in list(self.broken):
            place = Path(name)
            live = [layout.segments_dir(home) / f"{name}.jsonl" for home in self._homes()]
            is_local = place.is_relative_to(self.folder) or "/" not in name
            if is_local and not any(path.exists() for path in (place, *live)):
                del self.broken[name]

    def _homes(self) -> tuple[Path, Path]:
        return self.folder, layout.outcomes_dir(self.folder)

    def _opened(self, stack: ExitStack, look: "_Look") -> tuple[list[tuple[Path, BinaryIO]], list["_Open"]]:
        """The segments and sealed files that are looked at, all open; if any moves, it is looked anew."""
        bucket = Bucket(self.s3_uri) if self.s3_uri else None
        for _ in range(_ATTEMPTS):
            with ExitStack() as trial:
                live = _open_live(trial, look.home)
                try:
                    sealed = self._open_sealed(trial, look, bucket, {path.stem for path, _ in live})
                except catalogue.Moved:
                    continue
                stack.push(trial.pop_all())
                fresh = [(path, file) for path, file in live if _is_written_since(file, look.since_s)]
                return fresh, sorted(sealed, key=lambda each: -each.until_s)
        raise catalogue.Moved(str(look.above))

    def _open_sealed(
        self, stack: ExitStack, look: "_Look", bucket: Bucket | None, live: set[str]
    ) -> list["_Open"]:
        days = catalogue.days(
            self.folder,
            look.above,
            bucket=bucket,
            is_wanted=look.has_day,
            live=live,
            on_broken=self._note,
        )
        opened = [self._open_one(stack, file, look) for _, files in days for file in files]
        return [each for each in opened if each is not None]

    def _open_one(self, stack: ExitStack, file: catalogue.Sealed, look: "_Look") -> "_Open | None":
        key = str(file.source)
        if key in self._unreadable or not look.meets(self._spans.get(key)):
            return None
        try:
            opened = file.open()
            span = _span(opened, look.time)
        except catalogue.UNREADABLE as error:
            self._note(file, error)
            return None
        if len(self._spans) >= _REMEMBERED:
            self._spans.clear()
        self._spans[key] = span
        if not look.meets(span):
            opened.close()
            return None
        return _Open(file, stack.enter_context(opened), span[1], look)

    def _live_tables(self, path: Path, file: BinaryIO, wanted: Wanted) -> Iterator[pa.Table]:
        needle = orjson.dumps(wanted.model)
        for chunk in read_chunks(file, path.stem, FORM, containing=needle):
            self._note_lines(chunk.broken)
            for table in by_columns([record for record in chunk.found if wanted.accepts(record)]):
                if table.num_rows:
                    yield table.select(list(wanted.columns)) if wanted.columns else table

    def _sealed_tables(self, each: "_Open", wanted: Wanted) -> Iterator[pa.Table]:
        needed = wanted.columns and tuple(
            dict.fromkeys([*wanted.columns, "model", "shadow", "ts", "version", "variant"])
        )
        for table in self._batches(each, needed):
            kept = table.filter(wanted.expression())
            if kept.num_rows:
                yield kept.select(list(wanted.columns)) if wanted.columns else kept

    def _batches(self, each: "_Open", columns: Sequence[str] | None) -> Iterator[pa.Table]:
        try:
            for batch in each.parquet.iter_batches(
                ROWS_AT_ONCE, row_groups=each.row_groups(), columns=list(columns) if columns else None
            ):
                yield pa.Table.from_batches([batch])
        except catalogue.UNREADABLE as error:
            self._note(each.file, error)

    def _note(self, file: catalogue.Sealed, error: Exception) -> None:
        """What a disk refuses is tried again; what is no Parquet file never becomes one."""
        if not isinstance(error, OSError):
            self._unreadable.add(str(file.source))
        self._say(str(file.source), str(error).partition("\n")[0][:200])

    def _note_lines(self, broken: Sequence[BrokenLine]) -> None:
        """A last line that is cut short is being written, or was never acknowledged."""
        for line in broken:
            if line.data.endswith(b"\n"):
                self._say(line.segment, f"{line}"[:200])

    def _say(self, name: str, reason: str) -> None:
        if name not in self.broken:
            _logger.warning(
                "'%s' of the prediction log cannot be read wholly and is passed over: %s", name, reason
            )
            self.broken[name] = reason


@dataclass(frozen=True, slots=True)
class _Open:
    file: catalogue.Sealed
    parquet: pq.ParquetFile
    until_s: float
    """Its rows are from before this time, as far as its statistics say."""
    look: "_Look"

    def row_groups(self) -> list[int]:
        """Those that may hold rows of the wanted time."""
        metadata = self.parquet.metadata
        groups = range(metadata.num_row_groups)
        return [each for each in groups if self.look.meets(_group_span(metadata, each, self.look.time))]


@dataclass(frozen=True, slots=True)
class _Look:
    home: Path
    above: Path
    time: str
    """The column by which rows are of a time."""
    since_s: float
    until_s: float

    def has_day(self, day: str) -> bool:
        return _day(self.since_s) <= day and (self.until_s == ALWAYS_S or day <= _day(self.until_s))

    def meets(self, span: tuple[float, float] | None) -> bool:
        return span is None or (span[1] > self.since_s and span[0] < self.until_s)


def _open_live(stack: ExitStack, home: Path) -> list[tuple[Path, BinaryIO]]:
    found: list[tuple[Path, BinaryIO]] = []
    for path in layout.segments(home):
        try:
            found.append((path, stack.enter_context(path.open("rb"))))
        except FileNotFoundError:  # sealed since it was listed
            continue
    return found


def _span(opened: pq.ParquetFile, time: str) -> tuple[float, float]:
    metadata = opened.metadata
    spans = [_group_span(metadata, number, time) for number in range(metadata.num_row_groups)]
    return min((span[0] for span in spans), default=ALWAYS_S), max((span[1] for span in spans), default=0.0)


def _group_span(metadata: pq.FileMetaData, number: int, time: str) -> tuple[float, float]:
    """From the first row's time to just after the last one's; all times where there are no statistics."""
    group = metadata.row_group(number)
    place = metadata.schema.names.index(time)
    statistics = group.column(place).statistics
    if statistics is None or not statistics.has_min_max:
        return 0.0, ALWAYS_S
    return statistics.min.timestamp(), statistics.max.timestamp() + 1e-6


def _is_written_since(file: BinaryIO, since_s: float) -> bool:
    return os.fstat(file.fileno()).st_mtime >= since_s - CLOCK_MARGIN_S


def _timestamp(time_s: float) -> pa.Scalar:
    return pa.scalar(_micros(time_s), pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _micros(time_s: float) -> int:
    """What tables tell times apart by."""
    return round(time_s * 1e6)


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(max(0.0, time_s), UTC).strftime("%Y-%m-%d")
