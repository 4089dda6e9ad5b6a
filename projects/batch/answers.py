"""What a version answers, as columns: the prediction, a probability a class, and who answered."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projects.batch.conversion import Converter
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.scorer import Scorer, Version

PREDICTION, MODEL, VERSION = "prediction", "model", "version"
KEEP_ALL, KEEP_NONE = "all", "none"


def answer_names(scorer: Scorer) -> tuple[str, ...]:
    """Name the columns that the answers have."""
    return (PREDICTION, *(f"probability_{label}" for label in scorer.classes or ()))


def answers_of(scorer: Scorer, cells: Sequence[NDArray[Any]]) -> pa.RecordBatch:
    """Score rows given as columns."""
    answer = scorer.score(cells)
    shares = np.empty((len(cells[0]), 0)) if answer.probabilities is None else answer.probabilities
    columns = [pa.array(answer.predictions), *(pa.array(share) for share in shares.T)]
    return pa.record_batch(columns, list(answer_names(scorer)))


def kept_names(keep: str, names: Sequence[str], scorer: Scorer) -> tuple[str, ...]:
    """Choose the input's columns that the output has too.

    Args:
        keep: `all`, `none`, or names joined by commas.
        names: The input's columns.
        scorer: Whose answers come beside them.

    Raises:
        BadInput: There is no such column, or it has the name of an answer.
    """
    asked = [name.strip() for name in keep.split(",") if name.strip()]
    words = [name.casefold() for name in asked]
    chosen = tuple(names if words in ([], [KEEP_ALL]) else () if words == [KEEP_NONE] else asked)
    for name in chosen:
        if name not in names:
            raise BadInput(f"there is no column '{name}' to keep; {did_you_mean(name, names)}")
        if name in (*answer_names(scorer), MODEL, VERSION):
            raise BadInput(
                f"the table already has a column '{name}', which the answer would add;"
                " rename it, or say which columns to keep with -P keep=NAME,NAME or keep=none"
            )
    return chosen


def with_answers(
    rows: pa.RecordBatch,
    kept: Sequence[str],
    answers: pa.RecordBatch,
    version: Version,
    typing: Converter | None,
) -> pa.RecordBatch:
    """Put kept columns, answers, model and version side by side.

    Args:
        rows: A batch as it was read.
        kept: The columns to keep.
        answers: To the same rows.
        version: Who answered.
        typing: Makes numbers of the columns that it knows as such, for an output that can hold them; None
            leaves every cell as it is written.
    """
    columns = [_kept(rows, name, typing) for name in kept] + answers.columns
    columns += [pa.repeat(pa.scalar(text), rows.num_rows) for text in (version.name, version.number)]
    return pa.record_batch(columns, [*kept, *answers.schema.names, MODEL, VERSION])


def _kept(rows: pa.RecordBatch, name: str, typing: Converter | None) -> pa.Array:
    cells = rows.column(rows.schema.get_field_index(name))
    if typing is None or name not in typing or typing.is_text(name):
        return cells
    return typing.convert(name, cells)
