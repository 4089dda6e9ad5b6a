"""One batch: read -> cut -> score -> write, in as many threads as may score, in the order of the rows.

A worker takes a batch of rows all the way to the bytes of its lines; this thread reads and writes. No more
batches are held than there are workers and one. The answers go into a journal beside the output
(`projects.batch.journal`), the lines into a file that gets the output's name when it is whole.
"""

import errno
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from projects.batch.answers import MODEL, VERSION, answer_names, kept_names
from projects.batch.formats import AS_WRITTEN, FORMATS, Sink
from projects.batch.inputs import Odd, check_columns
from projects.batch.journal import Journal, open_journal
from projects.batch.one import Done, Maker
from projects.batch.rows import Rows, cut
from projects.batch.source import Known, open_rows
from projects.counted import counted
from projects.errors import BadInput
from projects.scorer import Version

if TYPE_CHECKING:
    from projects.compute.crew import Crew

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MOST_CELLS = 1_000_000
"""Cells of a batch where its rows are not asked for: a wide table has fewer rows a batch."""
FEWEST_ROWS, MOST_ROWS = 100, 65_536
SAY_EVERY_S = 2.0


@dataclass(frozen=True)
class Asked:
    """What is asked of a batch.

    Attributes:
        version: Who answers.
        output: The file to write; its suffix is the format.
        keep: `all`, `none`, or the input's columns to keep, joined by commas.
        chunk_rows: Rows of a batch; 0 chooses by the number of columns.
        overwrite: Whether an output that exists may be replaced.
        say: Hears a line of progress every two seconds.
        clock: Seconds, monotonic.
        crew: The workers of a cluster that read and score, where there are any.
    """

    version: Version
    output: Path
    keep: str = "all"
    chunk_rows: int = 0
    overwrite: bool = False
    say: Callable[[str], None] = lambda _line: None
    clock: Callable[[], float] = time.monotonic
    crew: "Crew | None" = None


@dataclass(frozen=True)
class Predicted:
    """What came of a batch.

    Attributes:
        rows: The rows of the output.
        resumed_rows: How many of them an earlier run had answered.
        seconds: How long this run took.
        odd: By column, the cells of the rows scored now that are not what it holds, and count as missing.
    """

    rows: int
    resumed_rows: int
    seconds: float
    odd: tuple[Odd, ...]


def check_output(output: Path, *, overwrite: bool) -> None:
    """See that an output can be written, before anything is fetched.

    Raises:
        BadInput: Its format is not known, its folder is not there, or it exists.
    """
    if output.suffix.lower() not in FORMATS:
        raise BadInput(f"the output '{output.name}' must end in {', '.join(FORMATS)}")
    if not output.parent.is_dir():
        raise BadInput(f"there is no folder '{output.parent}' for the output")
    if output.is_dir():
        raise BadInput(f"the output '{output}' is a folder; name a file")
    if output.exists() and not overwrite:
        raise BadInput(f"'{output}' exists; name another with -P output=FILE, or say -P overwrite=yes")


def predict_source(place: str, known: Known, asked: Asked) -> Predicted:
    """Score every row of a source into the output, which appears whole or not at all.

    What an earlier run of the same version answered before it was killed is taken from its journal.

    Args:
        place: A file, a folder, a glob, a bucket, a database or one of scikit-learn's tables.
        known: How training read the version's columns.
        asked: What is asked.

    Raises:
        BadInput: The source cannot be read, a column is missing, a cell does not fit its column, there are no
            rows, or the output cannot be written.
    """
    check_output(asked.output, overwrite=asked.overwrite)
    version, started = asked.version, asked.clock()
    folder = asked.output.with_name(f".{asked.output.name}.work")
    with (
        _room(asked.output),
        open_journal(asked.output, version.author) as journal,
        open_rows(place, version.scorer.columns, known, folder, asked.say, crew=asked.crew) as rows,
    ):
        if journal.batches:
            answered = counted(journal.batches, "batch", "is")
            asked.say(f"an earlier run was stopped: {answered} answered already")
        done = _predict(rows, asked, journal)
    return replace(done, seconds=asked.clock() - started)


def _predict(rows: Rows, asked: Asked, journal: Journal) -> Predicted:
    scorer = asked.version.scorer
    check_columns(scorer.columns, rows.names)
    kept = kept_names(asked.keep, rows.names, scorer)
    names = (*kept, *answer_names(scorer), MODEL, VERSION)
    with _whole(asked.output, names) as sink:
        chunk_rows = asked.chunk_rows or rows_at_once(len(rows.names))
        work = _Work(asked, rows, kept, journal, sink)
        return work.through(chunk_rows, asked.clock())


def rows_at_once(columns: int) -> int:
    """Choose the rows of a batch by the number of columns."""
    return min(max(MOST_CELLS // max(columns, 1), FEWEST_ROWS), MOST_ROWS)


@dataclass(frozen=True)
class _Work:
    asked: Asked
    rows: Rows
    kept: tuple[str, ...]
    journal: Journal
    sink: Sink

    def through(self, chunk_rows: int, started: float) -> Predicted:
        """Take all batches through."""
        written = resumed = 0
        odd: dict[str, Odd] = {}
        said = started
        for number, done in enumerate(self._finished(chunk_rows)):
            self.journal.keep(number, done.digest, done.answers)
            self.sink.write(done.encoded)
            written += done.rows
            resumed += done.rows if done.is_saved else 0
            for found in done.odd:
                first = odd.get(found.column, replace(found, count=0))
                odd[found.column] = replace(first, count=first.count + found.count)
            now = self.asked.clock()
            if now - said >= SAY_EVERY_S:
                said = now
                self.asked.say(f"{counted(written, 'row')}, {written / (now - started):,.0f} a second")
        if written == 0:
            raise BadInput("the table has a header but no rows")
        return Predicted(written, resumed, 0.0, tuple(odd.values()))

    def _finished(self, chunk_rows: int) -> Iterator[Done]:
        crew = self.asked.crew
        if crew is not None and self.rows.is_worth(crew.grain):
            from projects.batch.on_cluster import finished, lesson_of

            suffix = self.asked.output.suffix.lower()
            lesson = lesson_of(self.asked.version, self.rows, self.kept, suffix)
            if lesson is not None:
                return finished(self.rows, lesson, chunk_rows, self.journal.at, crew)
        return self._finished_here(cut(self.rows.batches, chunk_rows))

    def _finished_here(self, batches: Iterator[pa.RecordBatch]) -> Iterator[Done]:
        workers = self.asked.version.scorer.threads
        pool = ThreadPoolExecutor(workers, thread_name_prefix="batch")
        waiting: deque[Future[Done]] = deque()
        typing = None if self.asked.output.suffix.lower() in AS_WRITTEN else self.rows.converter
        maker = Maker(self.asked.version, self.kept, self.rows.converter, typing, self.sink)
        first_row = 0
        try:
            for number, batch in enumerate(batches):
                waiting.append(pool.submit(self._one, maker, number, batch, first_row))
                first_row += batch.num_rows
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _one(self, maker: Maker, number: int, batch: pa.RecordBatch, first_row: int) -> Done:
        return maker.make(batch, first_row, self.journal.at(number))


@contextmanager
def _whole(output: Path, names: tuple[str, ...]) -> Iterator[Sink]:
    """Write a file beside the output that takes its name when the work inside is done."""
    part = output.with_name(f".{output.name}.part")
    try:
        sink = FORMATS[output.suffix.lower()](part, names)
        try:
            yield sink
        except BaseException:
            with suppress(OSError):
                sink.close()
            raise
        sink.close()
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _room(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise BadInput(
            f"'{output}' has no room on its disk ({os.strerror(error.errno)}); make some and run this again:"
            " it goes on where it stopped"
        ) from error
