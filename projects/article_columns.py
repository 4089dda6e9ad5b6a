"""Which columns are articles: free text with what belongs to it, found or named by the requirement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from projects.errors import BadInput
from projects.free_text import Wordiness, wordiness
from projects.hints import did_you_mean
from projects.requirement.text_section import TextSection
from projects.requirement.words import name_words

TITLES = frozenset({"title", "headline", "heading", "subject", "summary"})
PUBLISHERS = frozenset({"source", "publisher"})
SOURCES = PUBLISHERS | {"news", "article"}
"""A column whose name has no other word says who published the text: `lead_source` does not."""
MOST_FOUND = 3
"""Free-text columns that are taken by themselves; of more, those with most words."""


@dataclass(frozen=True)
class ArticleColumns:
    """The columns of one article a row.

    Attributes:
        columns: Their names.
        roles: What each is: title, text, source or published.
    """

    columns: tuple[str, ...]
    roles: tuple[str, ...] = ("text",)

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that are read as free text alone; the others stay columns of their own too."""
        pairs = zip(self.columns, self.roles, strict=True)
        return tuple(name for name, role in pairs if role in ("title", "text"))


def find_articles(
    frame: pd.DataFrame, asked: TextSection, dates: Collection[str] = ()
) -> tuple[tuple[ArticleColumns, ...], tuple[str, ...]]:
    """Find the articles of a table.

    Args:
        frame: The columns that are learned from: float64, and objects of str and None.
        asked: What the requirement says.
        dates: The columns of date texts.

    Returns:
        The articles, and a sentence for each column that is read as free text.

    Raises:
        BadInput: A named column is not there, or holds numbers.
    """
    if asked.configuration == "none":
        return (), ()
    for name in (*asked.columns, asked.title, asked.source, asked.published):
        if name:
            _check(frame, name)
    looks = {name: wordiness(frame[name]) for name in map(str, frame.columns) if frame[name].dtype == object}
    given = tuple(dict.fromkeys((*asked.columns, *([asked.title] if asked.title else []))))
    named = given or _found(looks, dates)
    if not named:
        return (), ()
    title = asked.title or next((name for name in named if set(name_words(name)) & TITLES), None)
    bodies = [name for name in named if name != title]
    first, rest = [(named[0], "text")], named[1:]
    if title and bodies:
        first, rest = [(title, "title"), (bodies[0], "text")], tuple(bodies[1:])
    source = asked.source or _source(looks, named)
    beside = [(source, "source"), (asked.published, "published")]
    first += [(name, role) for name, role in beside if name]
    articles = (ArticleColumns(*zip(*first, strict=True)), *(ArticleColumns((name,)) for name in rest))
    return articles, tuple(f"column '{name}' is read as free text: {looks[name].told}" for name in named)


def _found(looks: dict[str, Wordiness], dates: Collection[str]) -> tuple[str, ...]:
    free = [name for name, look in looks.items() if name not in dates and look.is_free]
    wordiest = sorted(free, key=lambda name: -looks[name].words)[:MOST_FOUND]
    return tuple(name for name in free if name in wordiest)


def _source(looks: dict[str, Wordiness], named: Sequence[str]) -> str | None:
    for name in looks:
        words = set(name_words(name))
        if name not in named and words <= SOURCES and words & PUBLISHERS:
            return name
    return None


def _check(frame: pd.DataFrame, name: str) -> None:
    if name not in frame.columns:
        raise BadInput(
            f"features.text names the column '{name}', which is not learned from;"
            f" {did_you_mean(name, list(frame.columns))}"
        )
    if frame[name].dtype != object:
        raise BadInput(f"features.text names the column '{name}', which holds numbers; name one of texts")
