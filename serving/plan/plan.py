"""A loaded plan: rows of plain values in, labels and probabilities out."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from serving.plan.estimator import Classifier, Matrix, Regressor, Values
from serving.plan.explaining.credits import Credits
from serving.plan.model import Column, Label, PlanInputError, Scores, Task

CHUNK_CELLS = 1 << 21
"""Columns are scored in chunks whose widest matrix has about so many cells (16 MB)."""

MOST_CHUNK_ROWS = 1 << 16
Cells = Sequence[object] | NDArray[Any]


class Encoder(Protocol):
    """Makes matrices. Safe to call from several threads."""

    def encode(self, rows: Sequence[Sequence[object]]) -> Matrix:
        """Make the matrix of rows."""
        ...

    def encode_columns(self, columns: Sequence[Any]) -> Matrix:
        """Make the matrix of columns."""
        ...


class Batch:
    """Rows that are scored together: each encoder's matrix is made once, when the first model asks for it.

    Args:
        encode: Makes the matrix of the encoder with this number.
        credits: Whose each column of its matrix is; needed for explanations only.
    """

    __slots__ = ("_encode", "_matrices", "credits")

    def __init__(self, encode: Callable[[int], Matrix], credits: Sequence[Credits] = ()) -> None:  # noqa: A002
        self._encode, self.credits = encode, credits
        self._matrices: dict[int, Matrix] = {}

    def matrix(self, encoder: int) -> Matrix:
        """Return the matrix that an encoder makes of the rows."""
        matrix = self._matrices.get(encoder)
        if matrix is None:
            matrix = self._matrices[encoder] = self._encode(encoder)
        return matrix


@dataclass(frozen=True, slots=True)
class Plan:
    """Scores rows as the fitted pipeline would. Safe to call from several threads.

    Attributes:
        columns: The inputs, in the order of a row's values.
        task: What the model does.
        classes: The labels, in the order of the probabilities; None for a regression.
        encoders: Make the matrices; no two are equal.
        widths: How many columns each makes.
        model: Scores a batch: a `Classifier`, or a `Regressor` where there are no classes.
        credits: Whose each column of each encoder's matrix is.
        reads_texts: Whether a row's time grows with the length of its texts.
    """

    columns: tuple[Column, ...]
    task: Task
    classes: tuple[Label, ...] | None
    encoders: tuple[Encoder, ...]
    widths: tuple[int, ...]
    model: Any = field(repr=False)
    credits: tuple[Credits, ...] = field(default=(), repr=False)
    reads_texts: bool = False

    def score(self, rows: Sequence[Sequence[object]]) -> Scores:
        """Score rows whose values stand in the order of `columns`.

        A number's cell takes int, float, bool or a text that Python reads as a number; a text's cell takes
        anything hashable, where what is no text counts as an unseen category, as in the pipeline. None and
        NaN are missing in both.

        Raises:
            PlanInputError: No rows, infinity, a row of another length, or a value that its column cannot
                take.
        """
        encoders = self.encoders
        batch = Batch(lambda at: encoders[at].encode(rows))
        labels = self.classes
        if labels is None:
            return Scores(self.model.estimate(batch).tolist(), None)
        indices, probabilities = self.model.classify(batch)
        predictions = [labels[index] for index in indices.tolist()]
        return Scores(predictions, None if probabilities is None else probabilities.tolist())

    def score_columns(
        self, columns: Sequence[Cells], *, threads: int = 1
    ) -> tuple[NDArray[Any], Matrix | None]:
        """Score many rows, given by columns in the order of `columns`, in chunks of bounded memory.

        Args:
            columns: One sequence of cells a column, all equally long: float64 with NaN for a gap where the
                column is a number or boolean, object of str and None where it is text.
            threads: How many chunks are scored at once.

        Returns:
            The predictions, shape (rows,): labels (an object array if they are texts) or float64; and the
            probabilities, shape (rows, classes), or None where there are none.

        Raises:
            PlanInputError: No rows, another number of columns, unequal lengths, or a value that its column
                cannot take.
        """
        rows = self._count(columns)
        size = max(1, min(MOST_CHUNK_ROWS, CHUNK_CELLS // max(1, *self.widths)))
        chunks = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]

        def answer(chunk: slice) -> tuple[Values, Values | None]:
            return self._answers([column[chunk] for column in columns])

        if threads > 1 and len(chunks) > 1:
            with ThreadPoolExecutor(threads, thread_name_prefix="penstock-plan") as pool:
                parts = list(pool.map(answer, chunks))
        else:
            parts = [answer(chunk) for chunk in chunks]
        predictions = np.concatenate([prediction for prediction, _ in parts])
        shares = [part for _, part in parts if part is not None]
        return predictions, np.concatenate(shares) if shares else None

    def _answers(self, columns: Sequence[Cells]) -> tuple[Values, Values | None]:
        encoders = self.encoders
        batch = Batch(lambda at: encoders[at].encode_columns(columns))
        if self.classes is None:
            regressor: Regressor = self.model
            return regressor.estimate(batch).astype(np.float64, copy=False), None
        classifier: Classifier = self.model
        indices, probabilities = classifier.classify(batch)
        kind = object if isinstance(self.classes[0], str) else None
        labels = np.array(self.classes, dtype=kind).take(indices)
        return labels, None if probabilities is None else probabilities.astype(np.float64, copy=False)

    def _count(self, columns: Sequence[Cells]) -> int:
        if len(columns) != len(self.columns):
            raise PlanInputError(f"{len(self.columns)} columns are needed, not {len(columns)}")
        rows = len(columns[0]) if columns else 0
        if not rows:
            raise PlanInputError("at least one row is needed; there is none")
        for column, cells in zip(self.columns, columns, strict=True):
            if len(cells) != rows:
                raise PlanInputError(f"column '{column.name}' must have {rows} cells, not {len(cells)}")
        return rows
