"""A reference: the version's held-out rows, and what is worked out from them once for all windows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.columns import PREDICTION, Columns, columns_of, is_number, tidy
from monitoring.drift.categories import CategoryBase
from monitoring.drift.numbers import NumberBase
from monitoring.drift.words import MOST_TEXTS

Base = NumberBase | CategoryBase | list[str]
"""Of a numeric, a categorical, a text column."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a version's windows are compared with.

    Attributes:
        columns: What can be compared.
        rows: Its rows, laid out as `monitoring.columns.tidy` does.
        table: The same rows as they are kept: also label and probabilities.
        importance: Shares of the model's decisions by column, summing to 1; empty where none are known.
        bases: What is known of each column that has values.
        worded: Columns that came as text (rather than as booleans or numbers).
    """

    columns: Columns
    rows: pd.DataFrame
    table: pa.Table = field(default_factory=lambda: pa.table({}))
    importance: Mapping[str, float] = field(default_factory=dict)
    bases: Mapping[str, Base] = field(default_factory=dict)
    worded: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        table: pa.Table,
        *,
        importance: Mapping[str, float] | None = None,
        max_rows: int | None = None,
        seed: int = 0,
    ) -> "Reference":
        """From held-out rows.

        Args:
            table: Features, prediction, and where there are any label and probabilities.
            importance: Shares by column.
            max_rows: Take a random sample of at most so many rows.
            seed: Of the sample.
        """
        if max_rows is not None and table.num_rows > max_rows:
            places = np.random.default_rng(seed).choice(table.num_rows, max_rows, replace=False)
            table = table.take(pa.array(np.sort(places)))
        columns = columns_of(table)
        rows = tidy({name: table[name] for name in columns.names}, table.num_rows, columns)
        bases = {name: _base(rows[name], columns.kind(name)) for name in columns.names}
        known = {name: base for name, base in bases.items() if base is not None}
        worded = frozenset(n for n in (*columns.categorical, *columns.text) if _is_worded(table[n].type))
        return cls(columns, rows, table, dict(importance or {}), known, worded)

    def missing(self, name: str) -> int:
        """How many rows lack a column's value."""
        return int(self.rows[name].isna().sum())

    def weight(self, name: str) -> float | None:
        """A column's share in the model's decisions; the prediction's is 1; None where none are known."""
        if not self.importance:
            return None
        return 1.0 if name == PREDICTION else self.importance.get(name, 0.0)


def _base(values: pd.Series, kind: str) -> Base | None:
    known = values.dropna()
    if known.empty:
        return None
    if kind == "numeric":
        return NumberBase.of(known.to_numpy(dtype=np.float64))
    if kind == "categorical":
        return CategoryBase.of(known)
    return [str(text) for text in known.sample(min(MOST_TEXTS, len(known)), random_state=0)]


def _is_worded(kind: pa.DataType) -> bool:
    return not is_number(kind) and not pa.types.is_boolean(kind)
