"""Sentiment of texts by the lexicon that TextBlob brings along: data, which a fitted part keeps."""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET

from projects.text.article import Article
from projects.text.measured import measured
from projects.text.part import Labels, Numbers, PartMissingError
from serving.plan.text.reading import Reading
from serving.plan.text.sentiment import NAMES, Entry, Sentiment

Senses = dict[str, list[tuple[float, float, float]]]


class SentimentPart:
    """Five numbers of sentiment; it knows English.

    Args:
        language: Of the texts: a code such as `en`; `auto` takes them for English.

    Attributes:
        measure: What makes the numbers.

    Raises:
        PartMissingError: TextBlob is not installed, or the texts are not English.
    """

    names: tuple[str, ...] = tuple(f"sentiment_{name}" for name in NAMES)

    def __init__(self, *, language: str = "auto") -> None:
        if language.lower().split("-")[0] not in ("auto", "en"):
            raise PartMissingError(
                f"sentiment knows English words alone; the texts' language is {language!r}"
            )
        self.language = language
        self.measure = Sentiment(textblob_lexicon())

    def fit(self, articles: Sequence[Article], labels: Labels | None = None) -> Self:  # noqa: ARG002 - a Part's
        """Learn nothing."""
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None = None) -> Numbers:  # noqa: ARG002
        """Return the texts' numbers."""
        return self.transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, of shape (texts, 5)."""
        return measured(self.measure, [Reading(article.text) for article in articles])


def textblob_lexicon() -> dict[str, Entry]:
    """Read TextBlob's English lexicon from its file, without importing it (which takes two seconds).

    Raises:
        PartMissingError: TextBlob is not installed, or its file is not there or broken.
    """
    wanted = "sentiment needs the lexicon of TextBlob: pip install 'textblob>=0.19'"
    found = importlib.util.find_spec("textblob")
    if found is None or not found.submodule_search_locations:
        raise PartMissingError(wanted)
    file = Path(found.submodule_search_locations[0]) / "en" / "en-sentiment.xml"
    try:
        return read_lexicon(file)
    except (OSError, ET.ParseError, ValueError) as error:
        raise PartMissingError(f"{wanted} ({file} cannot be read: {error})") from error


def read_lexicon(file: Path) -> dict[str, Entry]:
    """Read a lexicon of pattern's form: senses are averaged, and adverbs in -ly are made of adjectives.

    Raises:
        OSError: The file cannot be read.
        ValueError: A number in it is none.
        xml.etree.ElementTree.ParseError: It is no XML.
    """
    words: dict[str, Senses] = {}
    for word in ET.parse(file).getroot().iter("word"):  # noqa: S314 - an installed package's own file
        if form := word.get("form"):
            scores = _score(word, "polarity"), _score(word, "subjectivity"), _score(word, "intensity", 1)
            words.setdefault(form, {}).setdefault(word.get("pos", ""), []).append(scores)
    lexicon = {form: _entry(senses) for form, senses in words.items()}
    return lexicon | dict(_adverbs(words))


def _score(word: "ET.Element[str]", name: str, otherwise: float = 0) -> float:
    return float(word.get(name, otherwise))


def _entry(senses: Senses) -> Entry:
    by_kind = [_mean(scores) for scores in senses.values()]
    return Entry(*_mean(by_kind), "RB" in senses)


def _adverbs(words: dict[str, Senses]) -> Iterator[tuple[str, Entry]]:
    for form, senses in words.items():
        if "JJ" in senses:
            stem = form[:-1] + "i" if form.endswith("y") else form
            yield stem.removesuffix("le") + "ly", Entry(*_mean(senses["JJ"]), True)


def _mean(scores: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    first, second, third = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    return first, second, third
