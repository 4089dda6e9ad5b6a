"""A sentence taken apart before any column is looked for: roles, metrics, horizon, and the kind of answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from projects.requirement.common_words import COMMON_WORDS
from projects.requirement.cues import EMPTY, MODALS, PREDICT_WORDS
from projects.requirement.foreign import foreign_word
from projects.requirement.horizon import Horizon, find_horizon
from projects.requirement.lexicon import ABBREVIATIONS, CONCEPTS, IRREGULAR, THINGS
from projects.requirement.measures import Measure, find_measures
from projects.requirement.roles import Word, read_roles, with_adjectives
from projects.requirement.seen import ColumnSeen
from projects.requirement.spelling import corrected
from projects.requirement.unknown_metrics import refuse_unknown_metrics
from projects.requirement.unlearned import unlearned
from projects.requirement.wants import Wants, read_wants
from projects.requirement.wishes import find_wishes
from projects.requirement.words import name_words, tokens

METRIC_WORDS = ("accuracy", "recall", "precision", "sensitivity", "absolute")
VOCABULARY = frozenset(
    word
    for phrases in (
        *((*concept.close, *concept.wide) for concept in CONCEPTS),
        *THINGS,
        PREDICT_WORDS,
        METRIC_WORDS,
    )
    for phrase in phrases
    for word in phrase.split()
)
COMMON = EMPTY | MODALS | frozenset(IRREGULAR) | frozenset(ABBREVIATIONS.values()) | COMMON_WORDS
"""Words that are no typos."""


@dataclass(frozen=True)
class Reading:
    """A sentence taken apart.

    Attributes:
        text: The sentence.
        words: Its words with their roles.
        measures: The metrics that are bounded or asked for.
        horizon: How far it looks ahead.
        wants: The kind of answer.
        typos: What was read as another word, a sentence each.
        unlearned: What is wished for that is no prediction; empty where it is one.
        foreign: A word of another language; empty where there is none.
    """

    text: str
    words: tuple[Word, ...]
    measures: tuple[Measure, ...]
    horizon: Horizon | None
    wants: Wants
    typos: tuple[str, ...]
    unlearned: str = ""
    foreign: str = ""


def read(objective: str, columns: Sequence[ColumnSeen] = ()) -> Reading:
    """Take a sentence apart; the columns' names help with typos."""
    raw = tokens(objective)
    names = {word for column in columns for word in (*name_words(column.name), *name_words(column.table))}
    sentence = corrected(raw, VOCABULARY | names, COMMON)
    typos = tuple(f"'{token.typo}' is read as '{token.lower}'" for token in sentence if token.typo)
    refuse_unknown_metrics(sentence)
    measures = find_measures(sentence)
    measures = measures if any(each.is_score for each in measures) else (*measures, *find_wishes(sentence))
    horizon = find_horizon(sentence)
    aside = [(each.start, each.end) for each in measures]
    aside += [(horizon.start, horizon.end)] if horizon else []
    words = with_adjectives(read_roles(sentence, aside))
    wants = read_wants(sentence, words, measures)
    return Reading(
        objective, words, measures, horizon, wants, typos, unlearned(sentence), foreign_word(raw, columns)
    )
