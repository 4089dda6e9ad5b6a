"""What texts name: by patterns that need nothing, or by a spaCy pipeline where one is installed or named."""

from collections.abc import Sequence
from typing import Self

from projects.text.article import Article
from projects.text.known_names import english_lists
from projects.text.measured import measured
from projects.text.part import Labels, Numbers
from serving.plan.text.entities import NAMES, Entities
from serving.plan.text.reading import Reading


class EntitiesPart:
    """Eight numbers of what a text names.

    Args:
        entities: `patterns`; `auto` for the installed spaCy pipeline of the language, and patterns where
            there is none; or a pipeline's name or folder.
        language: Of the texts, such as `en`; `auto` takes them for English.

    Attributes:
        measure: What makes the numbers where patterns do; None where a pipeline does.
    """

    names: tuple[str, ...] = tuple(f"entities_{name}" for name in NAMES)

    def __init__(self, *, entities: str = "auto", language: str = "auto") -> None:
        self.entities = entities
        self.language = language
        self.measure: Entities | None = Entities(english_lists())

    def fit(self, articles: Sequence[Article], labels: Labels | None = None) -> Self:  # noqa: ARG002 - a part's form
        """Learn nothing."""
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None = None) -> Numbers:
        """Return the texts' numbers."""
        return self.fit(articles, labels).transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, of shape (texts, 8)."""
        assert self.measure is not None
        return measured(self.measure, [Reading(article.text) for article in articles])
