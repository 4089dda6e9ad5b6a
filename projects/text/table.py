"""Articles as a table, a column a key: what a pipeline is fitted on, and what a served version takes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from projects.errors import BadInput
from projects.text.article import KEYS, Article, check_names, is_one, read_article, read_articles
from serving.plan.text.clean import joined

Cells = Mapping[str, Any]


def table_of(articles: Any, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Lay articles out as a table.

    Args:
        articles: A sequence of texts, mappings or Articles; or a DataFrame with columns of KEYS.
        columns: Of KEYS, the columns wanted; None for those that any article has. A title without a column
            of its own stands before the text, and a text without one behind the title.

    Returns:
        Columns of objects: texts, and None where an article has none.

    Raises:
        BadInput: One of them is no article; the sentence says which.
    """
    rows = _rows_of(articles)
    if columns is None:
        columns = [key for key in KEYS if any(row.get(key) is not None for row in rows)] or ["text"]
    laid = [_laid(row, columns) for row in rows]
    cells = {column: [row.get(column) for row in laid] for column in columns}
    return pd.DataFrame(cells, index=range(len(rows)), columns=list(columns), dtype=object)


def texts_of(table: pd.DataFrame) -> list[str]:
    """Return what is read of each article of a table that was laid out so."""
    return [article.text for article in read_articles(table, tuple(table.columns))]


def _rows_of(articles: Any) -> list[Cells]:
    if isinstance(articles, pd.DataFrame):
        check_names(articles)
        if not {"title", "text"} & set(articles.columns):
            there = ", ".join(map(repr, articles.columns))
            raise BadInput(f"a table of articles needs a column 'title' or 'text'; it has {there}")
        cells = {key: articles[key].tolist() for key in KEYS if key in articles.columns}
        return [
            {key: cell for key, cell in zip(cells, row, strict=True) if not pd.isna(cell)}
            for row in zip(*cells.values(), strict=True)
        ]
    if is_one(articles) or not isinstance(articles, Iterable):
        raise BadInput(f"a list of articles is wanted, not one {type(articles).__name__}; put it in a list")
    return [_cells(number, article) for number, article in enumerate(articles)]


def _cells(number: int, article: Any) -> Cells:
    if isinstance(article, Article):
        return {"text": article.text, "source": article.source, "published": article.published}
    if isinstance(article, Mapping) and ("title" in article or "text" in article):
        return article
    if not isinstance(article, Mapping) and is_one(article):
        return {"text": article}
    try:
        read_article(article)
    except BadInput as error:
        raise BadInput(f"article {number}: {error}") from error
    return {"text": article}


def _laid(row: Cells, columns: Sequence[str]) -> Cells:
    title, text = row.get("title"), row.get("text")
    if title is not None and "title" not in columns:
        return {**row, "text": joined(title, text)}
    if text is not None and "text" not in columns:
        return {**row, "title": joined(title, text)}
    return row
