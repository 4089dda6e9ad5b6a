"""A uniform sample of any number of rows, in memory bounded by its size."""

from typing import Any

import numpy as np
import pyarrow as pa

from serving.prediction_log.tables import merge


class Sample:
    """Draws rows: each gets a random key, and those with the least keys stay.

    Args:
        rows: At most so many stay.
        seed: The same seed over the same tables gives the same rows.
    """

    def __init__(self, rows: int, *, seed: int = 0) -> None:
        self._most, self._rng = rows, np.random.default_rng(seed)
        self._tables: list[tuple[pa.Table, Any]] = []
        self._held = 0
        self.seen = 0

    def add(self, table: pa.Table) -> None:
        """Offer rows of the prediction log."""
        self.seen += table.num_rows
        self._keep(table, self._rng.random(table.num_rows))
        if self._held > 2 * self._most:
            self._cut()

    def table(self) -> pa.Table:
        """The rows drawn, of kinds that hold all values."""
        if self._held > self._most:
            self._cut()
        return merge([table for table, _ in self._tables])

    def _keep(self, table: pa.Table, keys: Any) -> None:
        if table.num_rows:
            self._tables.append((table, keys))
            self._held += table.num_rows

    def _cut(self) -> None:
        held, self._tables, self._held = self._tables, [], 0
        every = np.concatenate([keys for _, keys in held])
        last = np.partition(every, self._most - 1)[self._most - 1]
        for table, keys in held:
            stays = keys <= last
            self._keep(table.filter(pa.array(stays)), keys[stays])
