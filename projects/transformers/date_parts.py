"""ISO date texts become numbers: parts, the age on the newest training date, and cycles.

A text is read by `datetime.fromisoformat`; a time zone is left aside, so that the parts are those that a
person reads in the text. What cannot be read is missing.
"""

import math
from datetime import datetime
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from projects.transformers.cells import Numbers, texts_of

PARTS = ("year", "month", "day", "weekday", "hour", "week", "is_weekend", "age_days")
CYCLES = {"month": 12, "weekday": 7, "hour": 24}
"""The parts that come round, and after how many steps."""
DAY_US = 86_400_000_000


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Take dates apart; parts that do not vary over the training rows are left out.

    Args:
        parts: Which parts, of PARTS.
        cycles: Whether each part that comes round is also given as its sine and cosine.

    Attributes:
        newest_: The newest training date of each column, ISO text; None where no text is a date.
        kept_: The names of the parts kept of each column, in order, such as `month` or `sin_month`.
    """

    def __init__(self, parts: tuple[str, ...] = PARTS, *, cycles: bool = False) -> None:
        self.parts = parts
        self.cycles = cycles

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the newest dates, and which parts vary."""
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown:
            raise ValueError(f"parts must be of {', '.join(PARTS)}; {unknown[0]!r} is none")
        texts = texts_of(self, X, reset=True)
        self.newest_: list[str | None] = []
        self.kept_: list[list[str]] = []
        for column in texts.T:
            known = [moment for text in pd.unique(column) if (moment := read_date(text)) is not None]
            newest = max(known, default=None)
            self.newest_.append(None if newest is None else newest.isoformat())
            self.kept_.append(self._varying(known, newest))
        return self

    def transform(self, X: Any) -> Numbers:
        """Return the kept parts of every column, NaN where a text is no date."""
        check_is_fitted(self)
        texts = texts_of(self, X, reset=False)
        blocks = [
            _encode(column, kept, None if newest is None else datetime.fromisoformat(newest))
            for column, kept, newest in zip(texts.T, self.kept_, self.newest_, strict=True)
        ]
        return np.hstack(blocks) if blocks else np.empty((len(texts), 0))

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return `COLUMN_PART` for every kept part."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        pairs = zip(names, self.kept_, strict=True)
        return np.array([f"{name}_{part}" for name, kept in pairs for part in kept], dtype=object)

    def _varying(self, known: list[datetime], newest: datetime | None) -> list[str]:
        names = list(self.parts)
        if self.cycles:
            names += [f"{wave}_{part}" for part in self.parts if part in CYCLES for wave in ("sin", "cos")]
        cells = [[part_of(moment, name, newest) for name in names] for moment in known]
        spread = np.ptp(np.array(cells), axis=0) > 0 if cells else np.zeros(len(names), dtype=bool)
        return [name for name, varies in zip(names, spread, strict=True) if varies] or names[:1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def read_date(text: Any) -> datetime | None:
    """Read an ISO text as a moment without time zone; None if it is none."""
    if type(text) is not str:
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def part_of(moment: datetime, name: str, newest: datetime | None) -> float:
    """Return one part of a moment; weeks are ISO weeks, Monday is weekday 0, ages count fractions of days."""
    if name.startswith(("sin_", "cos_")):
        turn = 2 * math.pi * part_of(moment, name[4:], None) / CYCLES[name[4:]]
        return math.sin(turn) if name.startswith("sin_") else math.cos(turn)
    if name == "age_days":
        age = (newest or moment) - moment
        return (age.days * DAY_US + age.seconds * 1_000_000 + age.microseconds) / DAY_US
    if name == "weekday":
        return float(moment.weekday())
    if name == "is_weekend":
        return float(moment.weekday() >= 5)
    if name == "week":
        return float(moment.isocalendar().week)
    return float(getattr(moment, name))


def _encode(column: Any, kept: list[str], newest: datetime | None) -> Numbers:
    codes, texts = pd.factorize(column)
    table = np.full((len(texts) + 1, len(kept)), np.nan)  # the last row is for a gap, whose code is -1
    for row, text in enumerate(texts):
        moment = read_date(text)
        if moment is not None:
            table[row] = [part_of(moment, name, newest) for name in kept]
    cells: Numbers = table[codes]
    return cells
