"""The matrix on disk: rows of one width after each other, the truth beside them, and how far it has come.

Chunks are appended and noted in a journal once they are on the disk, so that a killed training goes on after
the last of them. After a power cut, too: what the disk lost of them nevertheless is written anew.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.beyond_memory.failures import writing_plainly
from projects.errors import BadInput

CELLS, TRUTH, JOURNAL = "cells.bin", "truth.bin", "journal.jsonl"
TRUTH_BYTES = 8
NOTHING: dict[str, Any] = {"rows": 0, "until": 0}
READ_BYTES = 32_000_000
"""What is read from the disk at once."""


@dataclass(frozen=True)
class Spool:
    """A matrix on disk.

    Attributes:
        folder: Where it lies.
        width: Its columns.
        kind: Of its cells, such as `float32`.
    """

    folder: Path
    width: int
    kind: str

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self._noted()["rows"])

    @property
    def until(self) -> int:
        """How many of the table's rows were read for them."""
        return int(self._noted()["until"])

    @property
    def is_whole(self) -> bool:
        """Whether all rows are in it."""
        noted = self._noted()
        return bool(noted.get("whole", False)) and self._holds(noted["rows"])

    @property
    def row_bytes(self) -> int:
        """Of one row's cells."""
        return self.width * np.dtype(self.kind).itemsize

    def begin(self) -> int:
        """Cut off what was not noted; return how many of the table's rows are done.

        Files that are shorter than noted are begun anew.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        noted = self._noted()
        if not self._holds(noted["rows"]):
            (self.folder / JOURNAL).unlink(missing_ok=True)
            noted = NOTHING
        for name, size in ((CELLS, self.row_bytes), (TRUTH, TRUTH_BYTES)):
            with (self.folder / name).open("ab") as file:
                file.truncate(noted["rows"] * size)
        return int(noted["until"])

    def append(self, cells: NDArray[Any], truth: NDArray[Any], until: int) -> None:
        """Write some rows.

        Raises:
            BadInput: The disk is full.
        """
        rows = self.rows + len(cells)
        with writing_plainly(self.folder):
            for name, values, kind in ((CELLS, cells, self.kind), (TRUTH, truth, "float64")):
                with (self.folder / name).open("ab") as file:
                    file.write(np.ascontiguousarray(values, dtype=kind).data)
                    file.flush()
                    os.fdatasync(file.fileno())
            self._note({"rows": rows, "until": until})

    def end(self) -> None:
        """Note that all rows are in it.

        Raises:
            BadInput: The disk is full.
        """
        with writing_plainly(self.folder):
            self._note({"rows": self.rows, "until": self.until, "whole": True})

    def truth(self) -> NDArray[np.float64]:
        """Read the truth of all rows."""
        return np.fromfile(self.folder / TRUTH, dtype=np.float64, count=self.rows)

    @contextmanager
    def opened(self) -> Iterator[Callable[[int, int], NDArray[Any]]]:
        """Give what reads the rows from one to before another.

        The file is read, not mapped: mapped pages would count as this process's memory. What reads raises
        BadInput where the file ends before the rows do.
        """
        file = os.open(self.folder / CELLS, os.O_RDONLY)

        def read(first: int, last: int) -> NDArray[Any]:
            cells: Any = np.empty((last - first, self.width), dtype=self.kind)
            view, at = memoryview(cells.data).cast("B"), first * self.row_bytes
            done = 0
            while done < len(view) and (count := os.preadv(file, [view[done:]], at + done)):
                done += count
            if done < len(view):
                raise BadInput(
                    f"the matrix in '{self.folder / CELLS}' must have {self.rows:,} rows, and ends before row"
                    f" {last:,}; see whether that disk is sound, and train again: it is written anew"
                )
            return np.asarray(cells)

        try:
            yield read
        finally:
            os.close(file)

    def blocks(self, size_bytes: int = READ_BYTES) -> Iterator[tuple[int, NDArray[Any]]]:
        """Read all rows, some at a time, each with the place of its first."""
        rows, step = self.rows, max(1, size_bytes // max(self.row_bytes, 1))
        with self.opened() as read:
            for first in range(0, rows, step):
                yield first, read(first, min(first + step, rows))

    def _note(self, told: dict[str, Any]) -> None:
        fresh = self.folder / f"{JOURNAL}.new"
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(self.folder / JOURNAL)

    def _noted(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads((self.folder / JOURNAL).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return NOTHING
        return told

    def _holds(self, rows: int) -> bool:
        """Whether both files are at least as long as so many rows are."""
        try:
            sizes = [(self.folder / name).stat().st_size for name in (CELLS, TRUTH)]
        except FileNotFoundError:
            return not rows
        return sizes[0] >= rows * self.row_bytes and sizes[1] >= rows * TRUTH_BYTES


def needed_bytes(rows: int, width: int, kind: str) -> int:
    """Return how large a matrix gets, with its truth."""
    return rows * (width * np.dtype(kind).itemsize + TRUTH_BYTES)
