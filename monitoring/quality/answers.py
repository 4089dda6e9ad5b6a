"""The log's rows as arrays: what was said, with what probability, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.quality.labels import classes_met, codes
from monitoring.quality.metric_names import REGRESSION


@dataclass(frozen=True, slots=True)
class Answers:
    """Classifications.

    Attributes:
        classes: The labels, in the order of the probabilities.
        said: Positions of the predictions among the classes, shape (rows,); negative where there is none.
        truth: Likewise of the outcomes.
        probabilities: Shape (rows, classes), NaN where a row has none; None where no row has them.
    """

    classes: tuple[Any, ...]
    said: Any
    truth: Any
    probabilities: Any

    def __len__(self) -> int:
        return len(self.said)

    def take(self, rows: Any) -> "Answers":
        """Some rows, by positions or by a mask."""
        shares = None if self.probabilities is None else self.probabilities[rows]
        return Answers(self.classes, self.said[rows], self.truth[rows], shares)


def read_answers(rows: pa.Table, classes: Sequence[Any] | None) -> Answers:
    """Lay classifications out.

    Args:
        rows: With prediction, and with label and probabilities where there are any.
        classes: In the order of the probabilities; None for those that the rows hold, in order.
    """
    labels = rows["label"] if "label" in rows.column_names else pa.chunked_array([pa.nulls(rows.num_rows)])
    known = tuple(classes) if classes else classes_met(rows["prediction"], labels)
    said, truth = codes(rows["prediction"], known), codes(labels, known)
    shares = None
    if "probabilities" in rows.column_names:
        shares = probabilities(rows["probabilities"], len(known))
        if shares is not None and not classes and not _agree(said, shares):
            shares = None
    return Answers(known, said, truth, shares)


def probabilities(cells: pa.ChunkedArray, classes: int) -> Any:
    """Lists of probabilities as an array of shape (rows, classes); None where no list has that length.

    A single number a row, as some models give it for two classes, is the second one's.
    """
    if not pa.types.is_list(cells.type) and not pa.types.is_large_list(cells.type):
        return None
    lists = cells.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), -1).to_numpy(zero_copy_only=False)
    width = 1 if classes == 2 and not (lengths == 2).any() else classes
    there = lengths == width
    if not there.any():
        return None
    values = pc.cast(pc.list_flatten(lists.filter(pa.array(there))), pa.float64())
    shares = np.full((len(lists), width), np.nan)
    shares[there] = pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False).reshape(-1, width)
    if width < classes:
        shares = np.column_stack([1 - shares, shares])
    return shares


def has_scores(shares: Any) -> Any:
    """Which rows have probabilities that can be: finite, from 0 to 1, not all 0; shape (rows,)."""
    with np.errstate(invalid="ignore"):
        fits = (shares >= -_SLACK) & (shares <= 1 + _SLACK)
    return fits.all(axis=1) & (np.nansum(shares, axis=1) > 0)


_SLACK = 1e-6


def _agree(said: Any, shares: Any) -> bool:
    """Whether rows that are called a class have a higher probability of it than others have.

    Classes that are found in the rows might not be all, or not in the order of the probabilities.
    """
    usable = has_scores(shares) & (said >= 0)
    for place in range(shares.shape[1]):
        mine, share = said[usable] == place, shares[usable, place]
        if mine.any() and not mine.all() and share[mine].mean() < share[~mine].mean():
            return False
    return True


def numbers(values: pa.ChunkedArray) -> Any:
    """Predictions or outcomes of a regression as doubles, NaN where one is none; shape (rows,)."""
    import pandas as pd

    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.asarray(pd.to_numeric(values.to_pandas(), errors="coerce"), dtype=np.float64)
    if not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return np.full(len(values), np.nan)
    return pc.cast(values, pa.float64(), safe=False).to_numpy()


def task_of(rows: pa.Table, tag: str | None = None) -> str:
    """The task: what the version's tag says, else what its predictions and probabilities look like.

    Args:
        rows: The reference, or logged rows.
        tag: The version's tag `penstock.task`; a model that was trained elsewhere has none.
    """
    if tag in ("binary", "multiclass", REGRESSION):
        return str(tag)
    labels = [rows[name] for name in ("prediction", "label") if name in rows.column_names]
    if not labels:
        return "multiclass"
    kind = labels[0].type
    if pa.types.is_floating(kind) and not _are_whole(labels[0]):
        return REGRESSION
    distinct = len(classes_met(labels[0], labels[-1]))
    if distinct > _MOST_CLASSES and not pa.types.is_string(kind):
        return REGRESSION
    return "binary" if distinct <= 2 else "multiclass"


_MOST_CLASSES = 20
"""More distinct whole numbers than this are counts, not labels, where nobody says which."""


def _are_whole(values: pa.ChunkedArray) -> bool:
    found = values.drop_null().to_numpy()
    found = found[np.isfinite(found)]
    return bool((found == np.floor(found)).all())
