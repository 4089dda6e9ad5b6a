"""The rows of a source as Arrow batches of a fixed length, so that a source of any length fits in memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from projects.batch.conversion import Converter
from projects.ingest.cutting import CELL_BYTES
from projects.ingest.pieces import Share


@dataclass(frozen=True)
class Rows:
    """What is to be predicted.

    Attributes:
        names: The columns.
        batches: The rows in order, in batches of any length; read once.
        converter: Applies what training did to the model's columns, as far as that is known.
        count: How many rows there are, where that is known before they are read.
        shares: Cuts the rows into shares of so many, where the workers of a cluster can read them.
    """

    names: tuple[str, ...]
    batches: Iterable[pa.RecordBatch]
    converter: Converter = field(default_factory=lambda: Converter({}))
    count: int = 0
    shares: Callable[[int], list[Share] | None] = lambda _rows: None

    def is_worth(self, grain: int) -> bool:
        """Whether there is work for more than one worker."""
        return self.count * self._row_bytes >= 2 * grain

    def batches_at_once(self, chunk_rows: int, grain: int) -> int:
        """Choose how many batches a worker takes at once."""
        return max(grain // (self._row_bytes * chunk_rows), 1)

    @property
    def _row_bytes(self) -> int:
        return CELL_BYTES * max(len(self.names), 1)


def cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Cut batches anew, so that each but the last has this many rows however they were read."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        rest = batch
        while rest.num_rows:
            piece = rest.slice(0, rows - count)
            held.append(piece)
            count += piece.num_rows
            rest = rest.slice(piece.num_rows)
            if count == rows:
                yield _joined(held)
                held, count = [], 0
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
