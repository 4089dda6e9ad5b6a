"""Windows of time as columns: a row carries its own past, so that its answer depends on that row alone.

`temp_lag_1` is what `temp` was one row earlier. `lag_columns` makes such columns for training; a request
brings them like any others. `steps_of` finds them again by their names.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LAG = re.compile(r"(?P<series>.+)_lag_(?P<lag>[1-9]\d*)")
NOTHING = -1
"""The place of a step where a series has no column."""


def lag_columns(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    window: int,
    time: "pd.Series[Any]",
    group: "pd.Series[Any] | None" = None,
) -> pd.DataFrame:
    """Make `NAME_lag_1` to `NAME_lag_window` of each column, in the order of the frame's rows.

    Args:
        frame: The rows, in any order.
        columns: The columns whose past is wanted; the target may be one of them.
        window: How many rows back.
        time: What orders the rows; rows of equal times keep their order.
        group: Rows of one group have a past of their own.

    Returns:
        The lag columns alone; missing where there is no earlier row.
    """
    order = np.argsort(time.to_numpy(), kind="stable")
    values = frame[list(columns)].iloc[order]
    made = {}
    for name in columns:
        past = values[name] if group is None else values[name].groupby(group.to_numpy()[order], dropna=False)
        for lag in range(1, window + 1):
            made[f"{name}_lag_{lag}"] = past.shift(lag).to_numpy()
    lags = pd.DataFrame(made, index=frame.index[order])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return lags.iloc[back]


def steps_of(names: Sequence[str]) -> NDArray[np.intp] | None:
    """Find the windows among columns by their names.

    Args:
        names: The columns, in order.

    Returns:
        The columns' places that each step reads, oldest step first, of shape (steps, columns a step): each
        series at that time, then all other columns, which every step repeats. `NOTHING` stands where a series
        has no column for a time. None if no column is a lag.
    """
    places = {name: at for at, name in enumerate(names)}
    lags: dict[str, dict[int, int]] = {}
    for name, at in places.items():
        if found := LAG.fullmatch(name):
            lags.setdefault(found["series"], {})[int(found["lag"])] = at
    if not lags:
        return None
    for series, by_lag in lags.items():
        if series in places:
            by_lag[0] = places[series]
    in_series = {at for by_lag in lags.values() for at in by_lag.values()}
    others = [at for at in places.values() if at not in in_series]
    times = sorted({lag for by_lag in lags.values() for lag in by_lag}, reverse=True)
    return np.array([[by_lag.get(lag, NOTHING) for by_lag in lags.values()] + others for lag in times])


def steps_in_order(columns: int, most: int) -> NDArray[np.intp]:
    """Read columns from the first to the last: one a step, or several where there are more than `most`."""
    a_step = -(-columns // most)
    steps = -(-columns // a_step)
    places = np.full(steps * a_step, NOTHING)
    places[:columns] = np.arange(columns)
    return places.reshape(steps, a_step)
