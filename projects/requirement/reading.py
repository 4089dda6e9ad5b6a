"""A sentence taken apart before any column is looked for: roles, metrics, horizon, and the kind of answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from projects.requirement.cues import EMPTY, MODALS, PREDICT_WORDS
from projects.requirement.horizon import Horizon, find_horizon
from projects.requirement.lexicon import ABBREVIATIONS, CONCEPTS, IRREGULAR, THINGS
from projects.requirement.measures import Measure, find_measures
from projects.requirement.roles import Word, read_roles, with_adjectives
from projects.requirement.seen import ColumnSeen
from projects.requirement.spelling import corrected
from projects.requirement.wants import Wants, read_wants
from projects.requirement.words import name_words, tokens

VOCABULARY = frozenset(
    word
    for phrases in (*((*concept.close, *concept.wide) for concept in CONCEPTS), *THINGS, PREDICT_WORDS)
    for phrase in phrases
    for word in phrase.split()
)
USUAL = """
    about above accuracy accurate after again based below chain chance clean company could counties county
    early error evening first given great heart hours house known large least might minutes money month months
    morning never night people place plane plans point precision prize quarter recall scale scores
    second seconds share should small space state still stock store table their there these third those
    today tomorrow track trade train trial under upper using value waste water week weeks where which
    while white whole whose within without women world worst would write year years young
"""
COMMON = EMPTY | MODALS | frozenset(IRREGULAR) | frozenset(ABBREVIATIONS.values()) | frozenset(USUAL.split())
"""Words that are no typos."""


@dataclass(frozen=True)
class Reading:
    """A sentence taken apart.

    Attributes:
        words: Its words with their roles.
        measures: The metrics that are bounded or asked for.
        horizon: How far it looks ahead.
        wants: The kind of answer.
        typos: What was read as another word, a sentence each.
    """

    words: tuple[Word, ...]
    measures: tuple[Measure, ...]
    horizon: Horizon | None
    wants: Wants
    typos: tuple[str, ...]


def read(objective: str, columns: Sequence[ColumnSeen] = ()) -> Reading:
    """Take a sentence apart; the columns' names help with typos."""
    raw = tokens(objective)
    names = {word for column in columns for word in (*name_words(column.name), *name_words(column.table))}
    sentence = corrected(raw, VOCABULARY | names, COMMON)
    typos = tuple(f"'{token.typo}' is read as '{token.lower}'" for token in sentence if token.typo)
    measures = find_measures(sentence)
    horizon = find_horizon(sentence)
    aside = [(each.start, each.end) for each in measures]
    aside += [(horizon.start, horizon.end)] if horizon else []
    words = with_adjectives(read_roles(sentence, aside))
    return Reading(words, measures, horizon, read_wants(sentence, words, measures), typos)
