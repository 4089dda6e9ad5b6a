"""Parts of dates: the newest date of all rows, and the parts that vary in a sample or between the ends."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from projects.beyond_memory.chunks import Chunk


class Dates:
    """Learns the newest and the oldest text of each column; clean dates are in order as texts."""

    def __init__(self, step: Any, scout: Any) -> None:
        self.step = step
        self.said: list[str] = []
        self._scout = scout
        self._ends: list[set[str]] = [set() for _ in range(scout.shape[1])]

    def learn(self, cells: Any, chunk: Chunk) -> None:
        """Take some rows."""
        for at, name in enumerate(cells.columns):
            _, levels = chunk.coded(name)
            if len(levels):
                both = {*self._ends[at], min(levels), max(levels)}
                self._ends[at] = {min(both), max(both)}

    def finish(self) -> Any:
        """Return the fitted step."""
        ends = np.full((2, len(self._ends)), None, dtype=object)
        for at, both in enumerate(self._ends):
            ends[: len(both), at] = sorted(both)
        rows = pd.DataFrame(ends, columns=self._scout.columns)
        return clone(self.step).fit(pd.concat([self._scout, rows], ignore_index=True))
