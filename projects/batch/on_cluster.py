"""A batch whose rows are read, scored and encoded by the workers of a cluster, and written here in order.

Each task is some batches that follow each other, cut at the same rows as one process cuts them. Where workers
cannot read the rows themselves, they are read here and sent.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice

import pyarrow as pa

from projects.batch.journal import Saved
from projects.batch.one import Done
from projects.batch.rows import Rows, cut
from projects.batch.taught import Lesson, Taught, packed
from projects.compute.crew import Crew
from projects.errors import BadInput
from projects.ingest.engine import batches
from projects.ingest.pieces import Share
from projects.scorer import PlanScorer, Version

SavedOf = Callable[[int], Saved | None]
READ_ROWS = 32_768


@dataclass(frozen=True)
class Task:
    """Some batches that follow each other.

    Attributes:
        first_row: The number of the first row.
        count: How many batches.
        share: Where the rows lie; None where they are sent.
        batches: The rows, where they are sent.
        saved: What the journal holds in the place of each batch.
        chunk_rows: Rows of a batch.
        lesson: The name under which workers hold what is wanted.
    """

    first_row: int
    count: int
    share: Share | None = None
    batches: tuple[pa.RecordBatch, ...] = ()
    saved: tuple[Saved | None, ...] = ()
    chunk_rows: int = 0
    lesson: str = ""


def finished(rows: Rows, lesson: Lesson, chunk_rows: int, saved_of: SavedOf, crew: Crew) -> Iterator[Done]:
    """Have all batches answered; give them in the order of the rows.

    Args:
        rows: What is to be answered.
        lesson: How.
        chunk_rows: Rows of a batch.
        saved_of: Tells what the journal holds in the place of a batch.
        crew: The workers.

    Raises:
        BadInput: A cell does not fit its column, or the cluster is lost.
    """
    at_once = rows.batches_at_once(chunk_rows, crew.grain)
    shares = rows.shares(at_once * chunk_rows)
    with _taught(lesson, crew) as name:
        plain = (
            _to_read(shares, chunk_rows)
            if shares is not None
            else _to_send(cut(rows.batches, chunk_rows), at_once)
        )
        tasks = _with_saved((replace(task, lesson=name, chunk_rows=chunk_rows) for task in plain), saved_of)
        yield from chain.from_iterable(crew.in_order(answer, tasks))


def lesson_of(version: Version, rows: Rows, kept: tuple[str, ...], suffix: str) -> Lesson | None:
    """Put together what workers must hold; None if the version has no files that they could load."""
    if version.files is None:
        return None
    is_plan = isinstance(version.scorer, PlanScorer)
    files = packed(version.files / "plan" if is_plan else version.files)
    digest = version.plan_sha256 if is_plan else ""
    return Lesson(
        version.name, version.number, files, digest, rows.names, kept, rows.converter.conversions, suffix
    )


@contextmanager
def _taught(lesson: Lesson, crew: Crew) -> Iterator[str]:
    name = f"batch-{uuid.uuid4().hex}"
    crew.teach(Taught(lesson), name)
    try:
        yield name
    finally:
        crew.forget(name)


def _to_read(shares: list[Share], chunk_rows: int) -> Iterator[Task]:
    for share in shares:
        yield Task(share.first_row, -(-share.rows // chunk_rows), share)


def _to_send(batches: Iterator[pa.RecordBatch], at_once: int) -> Iterator[Task]:
    first_row = 0
    while some := tuple(islice(batches, at_once)):
        yield Task(first_row, len(some), batches=some)
        first_row += sum(batch.num_rows for batch in some)


def _with_saved(tasks: Iterable[Task], saved_of: SavedOf) -> Iterator[Task]:
    number = 0
    for task in tasks:
        yield replace(task, saved=tuple(saved_of(number + at) for at in range(task.count)))
        number += task.count


def answer(task: Task) -> list[Done]:
    """Answer a task's batches; runs on a worker."""
    from distributed import get_worker

    taught = get_worker().plugins[task.lesson]
    maker = taught.maker()
    read = task.batches if task.share is None else _read(task.share, taught.lesson.names)
    done: list[Done] = []
    first_row = task.first_row
    for batch, saved in zip(cut(read, task.chunk_rows), task.saved, strict=False):
        done.append(maker.make(batch, first_row, saved))
        first_row += batch.num_rows
    if task.share is not None and first_row - task.first_row != task.share.rows:
        raise BadInput("the rows changed while they were read; leave them alone, and run this again")
    return done


def _read(share: Share, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    from projects.ingest.on_worker import opened

    with opened(share.pieces) as engine:
        for batch in batches(engine, "SELECT * FROM piece", READ_ROWS):
            yield batch.rename_columns(list(names))
