"""Texts with their source: cleaned once, split once into words and letters, read by all that measures them.

cells -> text -> reading -> linear views, measures -> one row of numbers, scaled
           source -> its row of a table ->
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from serving.plan.encoding.cells import BadCell, Cells, Matrix, Row, Table
from serving.plan.encoding.ngrams import Ngrams
from serving.plan.encoding.number_block import Scaling
from serving.plan.text.clean import clean, joined
from serving.plan.text.measure import Measure
from serving.plan.text.reading import Reading

ROLES = ("title", "text", "source")
"""What is read of an article, in the order of `places`."""
REMEMBERED_BYTES = 16_000_000
"""What new texts and their numbers may take, about; beyond it they are forgotten and begin anew."""
ENTRY_BYTES = 300
"""What an entry takes beside its text and its numbers."""


@dataclass(frozen=True, slots=True)
class View:
    """Linear views of words or of letters side by side: numbers = weights @ matrix + offset."""

    ngrams: Ngrams
    offset: Matrix


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known of each source; the last row is for those that are not known."""

    places: Mapping[str, int]
    table: Matrix


@dataclass(frozen=True, slots=True)
class Articles:
    """What turns a row's texts into numbers.

    Attributes:
        start: The first matrix column.
        places: The place in a row of each of ROLES, where it has one.
        views: Read the text.
        measures: Read the text.
        sources: Read the source; None where none does.
        order: Of the numbers of views, measures and sources in turn, which stands where.
        scaling: `shift` makes (x - a) / b, `stretch` makes x * a + b.
        a: The first numbers of the scaling; empty without one.
        b: The second ones.
    """

    start: int
    places: tuple[int | None, int | None, int | None]
    views: tuple[View, ...]
    measures: tuple[Measure, ...]
    sources: Sources | None
    order: NDArray[np.intp]
    scaling: Scaling
    a: Matrix
    b: Matrix

    def vector(self, title: object, text: object, source: object) -> "array[float]":
        """Return the numbers of one article."""
        return array("d", self._scaled(self._numbers(joined(title, text), source)[self.order]).tobytes())

    def _numbers(self, text: str, source: object) -> Matrix:
        reading = Reading(text)
        parts: list[Matrix | Sequence[float]] = [
            view.ngrams.projected(text) + view.offset for view in self.views
        ]
        parts += [measure.of(reading) for measure in self.measures]
        if self.sources is not None:
            parts.append(self.sources.table[self.sources.places.get(clean(source), -1)])
        return np.concatenate([np.zeros(0), *parts])

    def _scaled(self, numbers: Matrix) -> Matrix:
        if self.scaling == "shift":
            return (numbers - self.a) / self.b
        return numbers * self.a + self.b if self.scaling == "stretch" else numbers


@dataclass(slots=True)
class _Memory:
    """The numbers of texts that came of late; a text's numbers never change."""

    known: dict[tuple[object, ...], "array[float]"] = field(default_factory=dict)
    size_bytes: int = 0


class ArticleBlock:
    """Places one group of numbers. Remembers what came: headlines come again.

    Args:
        articles: What it does.
        remembered_bytes: What it may remember, about.
    """

    def __init__(self, articles: Articles, remembered_bytes: int = REMEMBERED_BYTES) -> None:
        self._articles, self._most_bytes = articles, remembered_bytes
        self._span = slice(articles.start, articles.start + len(articles.order))
        self._places = articles.places
        self._memory = _Memory()

    def place(self, row: Row, cells: "Cells[float]") -> None:
        """Set one row's cells."""
        cells[self._span] = self._of(tuple([None if at is None else row[at] for at in self._places]))

    def place_all(self, table: Table, matrix: Matrix) -> None:
        """Set many rows' columns."""
        nothing = [None] * len(matrix)
        columns = [nothing if at is None else table.column(at) for at in self._places]
        joined_rows = b"".join(map(self._of, zip(*columns, strict=True)))
        matrix[:, self._span] = np.frombuffer(joined_rows, np.float64).reshape(len(matrix), -1)

    def _of(self, cells: tuple[object, ...]) -> "array[float]":
        memory = self._memory
        try:
            found = memory.known.get(cells)
        except TypeError as error:
            raise BadCell(next(at for at in self._places if at is not None), "text") from error
        if found is None:
            found = self._articles.vector(*cells)
            self._remember(cells, found)
        return found

    def _remember(self, cells: tuple[object, ...], vector: "array[float]") -> None:
        texts = [cell for cell in cells if isinstance(cell, str)]
        if len(texts) + cells.count(None) < len(cells):  # 1 and True are equal, and not the same text
            return
        memory = self._memory
        more = ENTRY_BYTES + 8 * len(vector) + 4 * sum(map(len, texts))
        if more > self._most_bytes:
            return
        if memory.size_bytes + more > self._most_bytes:
            self._memory = memory = _Memory()
        memory.known[cells] = vector
        memory.size_bytes += more
