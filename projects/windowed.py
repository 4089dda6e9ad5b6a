"""Rows that carry their own past: `NAME_lag_1` and so on, in the order of the time column.

A request must then bring these columns too, so that its answer depends on its own row alone.
"""

import pandas as pd

from projects.counted import counted
from projects.errors import BadInput
from projects.estimators.windows import lag_columns
from projects.requirement.model import Requirement
from projects.splitting import Marks

LSTM = "lstm"
STEPS = 3
"""Rows back for a named LSTM that nobody gave a window."""
MOST_COLUMNS = 20


def with_windows(inputs: pd.DataFrame, asked: Requirement, marks: Marks) -> tuple[pd.DataFrame, list[str]]:
    """Add each number's past where it was asked for, or where an LSTM is named and there is a time column.

    Args:
        inputs: The rows, without the target.
        asked: The requirement.
        marks: When each row was, and its group.

    Returns:
        The rows, perhaps with more columns; and what a person should know.

    Raises:
        BadInput: A window was asked for and no column says when.
    """
    window = asked.features.windows
    if window == "auto":
        window = STEPS if marks.times is not None and LSTM in asked.candidates else 0
    if not window:
        reads = LSTM in asked.candidates and "the lstm reads the columns of a row as a sequence"
        return inputs, [f"{reads}: no time column is named"] if reads else []
    if marks.times is None:
        raise BadInput("features.windows needs split.time_column; name the column that says when")
    numbers = [name for name in inputs.columns if inputs[name].dtype.kind == "f"][:MOST_COLUMNS]
    group = None if marks.groups is None else pd.Series(marks.groups, index=inputs.index)
    lags = lag_columns(
        inputs, numbers, window=window, time=pd.Series(marks.times, index=inputs.index), group=group
    )
    said = (
        f"each row carries {counted(len(numbers), 'column')} of the {counted(window, 'row')} before it;"
        " a request must bring them"
    )
    return pd.concat([inputs, lags], axis=1), [said]
