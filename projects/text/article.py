"""An article: a text, or a mapping with `title`, `text`, `source` and `published`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from serving.plan.text.clean import clean, joined

KEYS = ("title", "text", "source", "published")
ROLES = ("title", "text", "source", "published")


@dataclass(frozen=True, slots=True)
class Article:
    """What is read of one.

    Attributes:
        text: Title and text, cleaned, one after the other.
        source: Who published it; None where that is not known.
        published: When, as it was given; None where that is not known.
    """

    text: str
    source: str | None = None
    published: str | None = None


def is_one(value: object) -> bool:
    """Whether a value is one article, not several."""
    return value is None or isinstance(value, str | bytes | Mapping | Article | int | float)


def read_article(value: object) -> Article:
    """Read one article.

    Raises:
        BadInput: A mapping has neither `title` nor `text`, or it is a list.
    """
    if isinstance(value, Article):
        return value
    if isinstance(value, Mapping):
        if not ("title" in value or "text" in value):
            keys = ", ".join(map(repr, list(value)[:8])) or "no keys"
            raise BadInput(f"an article must be a text, or a mapping with 'title' or 'text'; it has {keys}")
        body = joined(value.get("title"), value.get("text"))
        return Article(body, _known(value.get("source")), _known(value.get("published")))
    if isinstance(value, list | tuple | set | np.ndarray):
        raise BadInput(f"an article must be a text or a mapping, not a {type(value).__name__}")
    return Article(clean(value))


def read_articles(values: Any, roles: Sequence[str] = ("text",)) -> list[Article]:
    """Read many.

    Args:
        values: A sequence of articles; or a DataFrame or an array of two dimensions, whose columns are
            `roles` (a DataFrame's columns of these names, where it has them).
        roles: Of ROLES, what the columns of a table are.

    Raises:
        BadInput: One of them is no article; the sentence says which. Or a table has other columns.
    """
    if isinstance(values, pd.DataFrame):
        return _of_table(values, roles)
    if isinstance(values, pd.Series):
        values = values.tolist()
    if isinstance(values, np.ndarray) and values.ndim == 2:
        _check_width(range(values.shape[1]), roles)
        return _by_column(dict(zip(roles, values.T, strict=True)))
    if is_one(values) or not isinstance(values, Iterable):
        raise BadInput(f"a list of articles is wanted, not one {type(values).__name__}; put it in a list")
    made = []
    for number, value in enumerate(values):
        try:
            made.append(read_article(value))
        except BadInput as error:
            raise BadInput(f"article {number}: {error}") from error
    return made


def check_names(table: pd.DataFrame) -> None:
    """Refuse a table with two columns of one name.

    Raises:
        BadInput: It has.
    """
    if (twice := table.columns[table.columns.duplicated()]).size:
        raise BadInput(f"a table of articles has the column {str(twice[0])!r} twice; rename one")


def _of_table(table: pd.DataFrame, roles: Sequence[str]) -> list[Article]:
    check_names(table)
    named = [role for role in ROLES if role in table.columns]
    is_other = table.shape[1] != len(roles) or set(table.columns) == set(roles)
    if {"title", "text"} & set(named) and is_other:
        return _by_column({role: table[role] for role in named})
    _check_width(list(table.columns), roles)
    return _by_column(dict(zip(roles, (table[name] for name in table.columns), strict=True)))


def _check_width(columns: Sequence[Any], roles: Sequence[str]) -> None:
    if len(columns) != len(roles):
        there = ", ".join(map(repr, list(columns)[:8])) or "none"
        raise BadInput(f"a table with the columns {', '.join(roles)} is wanted; it has {there}")


def _by_column(columns: Mapping[str, Any]) -> list[Article]:
    rows = len(next(iter(columns.values())))
    nothing = [None] * rows
    titles, texts = columns.get("title", nothing), columns.get("text", nothing)
    sources, dates = columns.get("source", nothing), columns.get("published", nothing)
    return [
        Article(joined(title, text), _known(source), _known(date))
        for title, text, source, date in zip(titles, texts, sources, dates, strict=True)
    ]


def _known(cell: object) -> str | None:
    return clean(cell) or None
