"""Each part by its name, made of a person's options; one whose library is missing says so in a sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.text.article import Article
from projects.text.configuration import NAMES, PARTS, Name, PartName
from projects.text.measured import Measured
from projects.text.part import Part, PartMissingError
from projects.text.weighing import Weighing

LEARNED: tuple[PartName, ...] = ("word2vec", "sentences")
"""Parts with a network or vectors: what `enable_advanced=False` leaves out."""


PROBED: tuple[PartName, ...] = ("sentiment", "entities", *LEARNED)
PROBE = tuple(Article(f"a text of a few words that is only tried, number {number}") for number in range(3))


@dataclass(frozen=True)
class Options:
    """What parts are made of; as AdaptiveFeatureExtractor's."""

    keywords: Mapping[str, Sequence[str]] | None = None
    rules: str | Path | Sequence[Mapping[str, Any]] | None = None
    sentence_model: Any = None
    word2vec: str | Path | None = None
    entities: str = "auto"
    language: str = "auto"
    use_gpu: bool | str = "auto"
    random_state: int = 0


def make_parts(names: Sequence[PartName], options: Options) -> list[tuple[PartName, Part]]:
    """Make parts, unfitted, that share one weighing of words; without rules there is no part of rules.

    Raises:
        PartMissingError: One needs what is not there.
        BadInput: There is no part of this name.
    """
    for name in names:
        if name not in MAKERS:
            raise BadInput(f"there is no part {name!r}; {did_you_mean(name, MAKERS)}")
    weighing = Weighing(options.language)
    made = [(name, MAKERS[name](options, weighing)) for name in names]
    return [(name, part) for name, part in made if part is not None]


def missing_of(names: Sequence[PartName], options: Options) -> dict[PartName, str]:
    """Return why parts cannot be made; each is tried on three short texts, as some look only when fitted."""
    missing: dict[PartName, str] = {}
    for name in names:
        if name in PROBED:
            try:
                for _, part in make_parts([name], options):
                    part.fit(PROBE, None)
            except PartMissingError as error:
                missing[name] = str(error)
    return missing


def next_best(name: Name, missing: Mapping[PartName, str]) -> Name:
    """Name the largest configuration, up to this one, of which something of its own can be made."""
    for lower in reversed(NAMES[: NAMES.index(name) + 1]):
        below = PARTS[NAMES[NAMES.index(lower) - 1]] if lower != NAMES[0] else ()
        own = set(PARTS[lower]) - set(below)
        if lower == NAMES[0] or own - set(missing):
            return lower
    return NAMES[0]


def _tfidf(options: Options, weighing: Weighing) -> Part:
    from projects.text.tfidf import Tfidf

    return Tfidf(weighing, random_state=options.random_state)


def _domain(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    from projects.text.domain import Domain

    return Domain(weighing)


def _keywords(options: Options, weighing: Weighing) -> Part:
    from projects.text.keywords import FoundKeywords, declared_keywords

    return declared_keywords(options.keywords) if options.keywords else FoundKeywords(weighing)


def _rules(options: Options, weighing: Weighing) -> Part | None:  # noqa: ARG001 - as all are made
    from projects.text.rules import read_rules
    from serving.plan.text.rules import Rules

    return Measured(Rules(read_rules(options.rules))) if options.rules else None


def _statistics(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    from serving.plan.text.statistics import Statistics

    return Measured(Statistics())


def _source(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    from projects.text.source import Source

    return Source()


def _sentiment(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    from projects.text.sentiment import SentimentPart

    return SentimentPart(language=options.language)


def _entities(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    from projects.text.entities import EntitiesPart

    return EntitiesPart(entities=options.entities, language=options.language)


def _known(module: str, name: str, *given: Any, **options: Any) -> Part:
    """Make a part of a module; a module that is not there is a part that is missing."""
    import importlib

    try:
        made: Part = getattr(importlib.import_module(f"projects.text.{module}"), name)(*given, **options)
    except ModuleNotFoundError as error:
        raise PartMissingError(f"the part '{module}' is not there: {error}") from error
    return made


def _word2vec(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    return _known("word2vec", "Word2VecPart", options.word2vec, random_state=options.random_state)


def _sentences(options: Options, weighing: Weighing) -> Part:  # noqa: ARG001 - as all are made
    return _known("sentences", "SentencesPart", options.sentence_model, use_gpu=options.use_gpu)


MAKERS: Mapping[PartName, Callable[[Options, Weighing], Part | None]] = {
    "tfidf": _tfidf, "domain": _domain, "keywords": _keywords, "rules": _rules, "statistics": _statistics,
    "source": _source, "sentiment": _sentiment, "entities": _entities, "word2vec": _word2vec,
    "sentences": _sentences,
}  # fmt: skip
