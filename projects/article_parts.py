"""What free text becomes: for each article of a row an extractor, alike in every style of a model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from projects.article_columns import ArticleColumns
from projects.kept_texts import KeptTexts
from projects.requirement.text_section import TextSection
from serving.plan.model import Task

if TYPE_CHECKING:
    from projects.text.configuration import Name

OPEN = ("auto", "none")
Entry = tuple[str, Any, tuple[str, ...]]
"""A part's name, its unfitted extractor, and its columns."""


@dataclass(frozen=True)
class Articles:
    """The extractors of a table's articles.

    Attributes:
        columns: The articles.
        extractors: One an article, unfitted.
        kept: Where fits are kept; None fits anew every time.
    """

    columns: tuple[ArticleColumns, ...]
    extractors: tuple[Any, ...]
    kept: KeptTexts | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that an article is made of."""
        return tuple(dict.fromkeys(name for article in self.columns for name in article.columns))

    def __iter__(self) -> Iterator[Entry]:
        """Go through the parts."""
        for number, (article, extractor) in enumerate(zip(self.columns, self.extractors, strict=True), 1):
            yield "articles" if number == 1 else f"articles_{number}", extractor, article.columns

    def pipeline(self, extractor: Any, scaled: Sequence[tuple[str, Any]]) -> Any:
        """Make the unfitted steps of one part: the extractor, and the scaling where there is one."""
        from sklearn.pipeline import Pipeline

        # A pipeline asks its memory for all steps but the last.
        rest = list(scaled) or [("scale", "passthrough")]
        return Pipeline([("articles", extractor), *rest], memory=self.kept)


def unchosen(columns: Sequence[ArticleColumns], asked: TextSection, task: Task, seed: int) -> Articles:
    """Make extractors that choose their configuration in each fit."""
    return Articles(tuple(columns), tuple(extractor_of(one, asked, task, seed) for one in columns))


def extractor_of(article: ArticleColumns, asked: TextSection, task: Task, seed: int) -> Any:
    """Make the unfitted extractor of one article, as the requirement says."""
    from projects.text.extractor import AdaptiveFeatureExtractor

    return AdaptiveFeatureExtractor(
        configuration=None if asked.configuration in OPEN else cast("Name", asked.configuration),
        task="numbers" if task == "regression" else "classes",
        roles=article.roles,
        keywords=asked.keywords or None,
        rules=asked.rules or None,
        sentence_model=asked.sentence_model or None,
        word2vec=asked.word2vec or None,
        entities=asked.entities,
        language=asked.language,
        random_state=seed,
    )
