"""The columns that a model can learn from: numbers as float64, dates and texts as text, and what is left out.

Free text, such as notes and headlines, is told apart from texts that are labels.

A true/false column is read as 1 and 0: MLflow's scoring server turns a missing `boolean` into false, and a
missing `double` into the gap that the imputer knows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from projects.article_columns import ArticleColumns, find_articles
from projects.counted import counted
from projects.errors import BadInput
from projects.free_text import wordiness
from projects.hints import did_you_mean, shown
from projects.ingest.cells import LARGEST, as_numbers, as_texts, is_truth, usable
from projects.requirement.text_section import TextSection
from serving.plan.model import Column

RESERVED = ("prediction", "label", "probabilities")
SAVED_INDEX = "Unnamed: "
ROW_NUMBERS_FROM = 50
"""Fewer consecutive whole numbers may well be a measurement."""
FEWEST_WORDS = 3.0
"""Distinct texts of fewer words on average are names of rows, of more are texts to learn from."""


class NothingLeft(BadInput):
    """No column can be learned from."""


@dataclass(frozen=True)
class Features:
    """What is learned from.

    Attributes:
        frame: float64 columns and object columns of str and None.
        columns: Their names and types; a column is required if no cell of it is missing.
        dates: Which of the text columns hold dates, as ISO texts.
        notices: What was read differently from how it looks, and what was left out and why.
        articles: Which of the text columns are free text, with what belongs to it.
    """

    frame: pd.DataFrame
    columns: tuple[Column, ...]
    dates: tuple[str, ...]
    notices: tuple[str, ...]
    articles: tuple[ArticleColumns, ...] = ()

    @property
    def inputs(self) -> Any:
        """The columns by what prepares them."""
        from projects.preparation import Inputs

        numbers = tuple(column.name for column in self.columns if column.type == "double")
        others = {*self.dates, *(name for article in self.articles for name in article.texts)}
        texts = tuple(
            column.name for column in self.columns if column.type == "string" and column.name not in others
        )
        distinct = {name: int(self.frame[name].nunique()) for name in texts}
        return Inputs(numbers, texts, self.dates, distinct, self.articles)


@dataclass(frozen=True)
class _Kept:
    cells: "pd.Series[Any]"
    notice: str | None = None


def read_features(
    frame: pd.DataFrame,
    *,
    dates: Collection[str] = (),
    texts: Collection[str] = (),
    truths: Collection[str] = (),
    drop: Collection[str] = (),
    articles: TextSection | None = None,
) -> Features:
    """Sort the columns of a table, without its target.

    Args:
        frame: One row a target's value.
        dates: The columns whose texts are ISO dates, beside those of a date type.
        texts: The columns that are texts, even if each of them looks like a number.
        truths: The columns of numbers whose 1 and 0 mean true and false.
        drop: Columns that a person wants left out.
        articles: What a person said of free text; None finds it.

    Raises:
        BadInput: A reserved name, an infinite or huge number, or free text in a column that is not there.
        NothingLeft: No column is left to learn from.
    """
    _check_names(frame, drop)
    kept: dict[str, pd.Series[Any]] = {}
    notices = []
    asked = articles or TextSection()
    is_date = {name: name in dates or frame[name].dtype.kind == "M" for name in frame.columns}
    notes = {*asked.columns, asked.title}
    for name in frame.columns:
        read_as = _dates if is_date[name] else _texts if name in texts else _read
        read_as = partial(_read, was_truth=True) if name in truths else _notes if name in notes else read_as
        read = "as asked for" if name in drop else read_as(frame[name])
        if isinstance(read, str):
            notices.append(f"column '{name}' is left out: {read}")
            continue
        kept[name] = read.cells
        if read.notice:
            notices.append(f"column '{name}': {read.notice}")
    if not kept:
        raise NothingLeft("no column is left to learn from: " + "; ".join(notices))
    columns = tuple(_column(values) for values in kept.values())
    found_dates = tuple(name for name in kept if is_date[name])
    made = pd.DataFrame(kept)
    free, told = find_articles(made, _without(asked, {*frame.columns} - {*kept, *drop}), found_dates)
    return Features(made, columns, found_dates, (*notices, *told), free)


def _without(asked: TextSection, left_out: Collection[str]) -> TextSection:
    """Pass over who published a text, and when, where all rows say the same or nothing."""
    gone = {role: None for role in ("source", "published") if getattr(asked, role) in left_out}
    return asked.model_copy(update=gone) if gone else asked


def _check_names(frame: pd.DataFrame, drop: Collection[str]) -> None:
    for name in RESERVED:
        if name in frame.columns:
            raise BadInput(f"a column may not be called '{name}': the reference uses that name; rename it")
    for name in drop:
        if name not in frame.columns:
            raise BadInput(f"there is no column '{name}' to leave out; {did_you_mean(name, frame.columns)}")


def read_alike(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Read other rows of the same table as the columns that were learned from.

    Args:
        frame: Holds these columns.
        columns: What they were read as.

    Returns:
        Those columns, with gaps for what is no number, or is beyond those that were learned from.
    """
    cells: dict[str, pd.Series[Any]] = {}
    for column in columns:
        if column.type == "string":
            cells[column.name] = as_texts(frame[column.name])
        else:
            numbers, _ = as_numbers(frame[column.name])
            cells[column.name] = numbers.mask(numbers.abs() > LARGEST)
    return pd.DataFrame(cells)


def _column(values: "pd.Series[Any]") -> Column:
    kind = "double" if values.dtype.kind == "f" else "string"
    return Column(str(values.name), kind, required=not bool(values.isna().any()))  # type: ignore[arg-type]


def _read(column: "pd.Series[Any]", *, was_truth: bool = False) -> _Kept | str:
    """Return the column as it is learned from, or why it is not."""
    if str(column.name).startswith(SAVED_INDEX):
        return "it has no name, as a saved row index has none"
    if column.isna().all():
        return "it holds only nulls"
    if is_truth(column):
        return _checked(_numbers(column, "true and false are read as 1 and 0"), is_truth=True)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _checked(_numbers(column, None), is_truth=was_truth)
    if any(isinstance(cell, dict | list | np.ndarray) for cell in column.dropna().head(1000)):
        return "its cells hold lists or objects"
    read = _from_texts(column)
    return read if isinstance(read, str) else _checked(read)


def _texts(column: "pd.Series[Any]") -> _Kept | str:
    return "it holds only nulls" if column.isna().all() else _checked(_Kept(as_texts(column)))


def _notes(column: "pd.Series[Any]") -> _Kept | str:
    return "it holds only nulls" if column.isna().all() else _Kept(as_texts(column))


def _dates(column: "pd.Series[Any]") -> _Kept | str:
    if column.isna().all():
        return "it holds only nulls"
    if column.dtype.kind == "M":
        is_midnight = bool((column.dropna() == column.dropna().dt.normalize()).all())
        column = column.dt.strftime("%Y-%m-%d" if is_midnight else "%Y-%m-%dT%H:%M:%S")
    texts = as_texts(column)
    if (texts == texts.iloc[0]).all():
        return f"it is constant ({shown(texts.iloc[0])} in every row)"
    return _Kept(texts)


def _numbers(column: "pd.Series[Any]", notice: str | None) -> _Kept:
    numbers, _ = as_numbers(column.astype("float64") if is_truth(column) else column)
    too_large = np.flatnonzero(np.abs(numbers.to_numpy()) > LARGEST)
    if len(too_large):
        cell, more = column.iloc[too_large[0]], len(too_large) - 1
        others = f" (and {counted(more, 'more row')})" if more else ""
        raise BadInput(
            f"column '{column.name}' must hold {usable(numbers.iloc[too_large[0]])}; row {too_large[0]} has"
            f" {shown(cell)}{others}; correct it or leave the cell empty"
        )
    return _Kept(numbers, notice)


def _from_texts(column: "pd.Series[Any]") -> _Kept | str:
    numbers, others = as_numbers(column)
    if not others.any():
        if numbers.isna().all():
            return "it holds only nulls and blanks"
        blanks = int((column.notna() & numbers.isna()).sum())
        gaps = f", {counted(blanks, 'blank cell')} as missing" if blanks else ""
        return _numbers(column, f"its texts are all numbers; read as numbers{gaps}")
    kinds = {type(cell) for cell in column.dropna().head(1000)}
    notice = (
        "it mixes texts and other values; all are read as texts" if len(kinds) > 1 and str in kinds else None
    )
    return _Kept(as_texts(column), notice)


def _checked(kept: _Kept, *, is_truth: bool = False) -> _Kept | str:
    values = kept.cells
    held = values.dropna()
    distinct = held.nunique()
    is_text = values.dtype == object
    if distinct == 1 and (not is_text or len(held) == len(values)):
        cell = str(bool(held.iloc[0])).lower() if is_truth else shown(held.iloc[0])
        return f"it is constant ({cell} in every row that has a value)"
    if is_text and distinct == len(held) and _words(held) < FEWEST_WORDS:
        return f"its {distinct} texts are all distinct, as an id's are"
    if (
        not is_text
        and len(held) == len(values) >= ROW_NUMBERS_FROM
        and (np.diff(np.sort(values.to_numpy())) == 1).all()
    ):
        return "it numbers the rows"
    return kept


def _words(held: "pd.Series[Any]") -> float:
    """Return the words of a text on average; Chinese has none between blanks."""
    return max(float(held.head(1000).str.count(r"\S+").mean()), wordiness(held).words)
