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
        BadInput: A mapping has neither `title` nor `text`, or it is a list or an object.
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
        BadInput: One of them is no article; the sentence says which.
    """
    if isinstance(values, pd.DataFrame):
        named = [role for role in ROLES if role in values.columns]
        if {"title", "text"} & set(named) and values.shape[1] != len(roles):
            return _by_column({role: values[role] for role in named})
        return _by_column(dict(zip(roles, (values[name] for name in values.columns), strict=True)))
    if isinstance(values, pd.Series):
        values = values.tolist()
    if isinstance(values, np.ndarray) and values.ndim == 2:
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
