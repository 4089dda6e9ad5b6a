"""Which parts a text becomes, by the number of labelled texts there are to learn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Name = Literal["conservative", "balanced", "enhanced", "maximum"]
PartName = Literal[
    "tfidf", "domain", "keywords", "rules", "statistics", "source", "sentiment", "entities", "word2vec",
    "sentences",
]  # fmt: skip
NAMES: tuple[Name, ...] = get_args(Name)
FROM_ARTICLES: Mapping[Name, int] = {"conservative": 0, "balanced": 400, "enhanced": 800, "maximum": 1500}
FEWEST = 200
"""With fewer labelled articles there is a warning."""
BASIC: tuple[PartName, ...] = ("tfidf", "domain", "keywords", "rules", "statistics", "source")
PARTS: Mapping[Name, tuple[PartName, ...]] = {
    "conservative": BASIC,
    "balanced": (*BASIC, "sentiment", "entities"),
    "enhanced": (*BASIC, "sentiment", "entities", "word2vec"),
    "maximum": (*BASIC, "sentiment", "entities", "word2vec", "sentences"),
}
ABOUT: Mapping[Name, int] = {"conservative": 45, "balanced": 80, "enhanced": 150, "maximum": 300}
"""About so many numbers a text."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was chosen.

    Attributes:
        name: By the number of labelled texts.
        parts: What a text becomes.
        extended_to: The configuration whose parts were taken because they scored better; None otherwise.
        reason: Why, as a sentence.
    """

    name: Name
    parts: tuple[PartName, ...]
    extended_to: Name | None = None
    reason: str = ""


def by_number(articles: int) -> Name:
    """Name the configuration for so many labelled articles."""
    return max((name for name in NAMES if FROM_ARTICLES[name] <= articles), key=NAMES.index)
