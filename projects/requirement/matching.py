"""How well a column's name fits what a sentence asks for: shared words, synonyms, abbreviations, typos.

A score goes from 0 to 1: the best match of a word by its weight, times how much of the name and of the
question is covered. `price` fits "price of shuttles" better than `review_scores_price` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from projects.requirement.cues import DETERMINERS, MEASURES, is_content
from projects.requirement.lexicon import ATTRIBUTES, WEAK_IN_NAMES, Expects
from projects.requirement.likeness import (
    HOW_MANY,
    LONGEST,
    PHRASES,
    THING,
    THING_OF,
    Asked,
    likeness,
    of_table,
)
from projects.requirement.roles import Role, Word
from projects.requirement.seen import ColumnSeen
from projects.requirement.weights import WRAPPER
from projects.requirement.words import name_words, stem, stems

TYPO, IN_PHRASE = 0.9, 0.6
MEASURE_ALONE, OF_NAME_OF_MEASURE, OF_ANOTHER = 0.6, 0.6, 0.55
"""`how many X` says little of a column that counts something else."""
BASE, OF_NAME, OF_QUESTION = 0.55, 0.3, 0.15
OF_VALUES = 0.12
"""For a question that names one of the column's values, such as `more than 50K`."""
WEAK = 0.3


@dataclass(frozen=True)
class Fit:
    """How a column fits.

    Attributes:
        column: The column.
        score: 0 to 1.
        of_name: The share of the name that the question covers.
        why: The strongest match, in words.
        expects: What a column is that is asked for so.
        by: The stems of the strongest match.
        strength: How strong it is: `SAME` for a word of its name.
        weight: How much it says of the target.
        known: The stems of the question that match the name at all.
        uncovered: The words of the name that the question does not say and that narrow it.
    """

    column: ColumnSeen
    score: float
    of_name: float
    why: str
    expects: Expects
    by: tuple[str, ...] = ()
    strength: float = 0.0
    weight: float = 0.0
    known: frozenset[str] = frozenset()
    uncovered: tuple[str, ...] = ()

    @property
    def is_count(self) -> bool:
        """Whether it fits only by `how many` or `number of`."""
        return self.by == HOW_MANY or (
            len(self.by) == 1 and self.by[0] in MEASURES and self.weight == WRAPPER
        )


def asked_for(words: Sequence[Word]) -> tuple[Asked, ...]:
    """List the target's content words, and the phrases of several words that stand for something."""
    target = [word for word in words if word.role is Role.TARGET]
    phrases: list[Asked] = []
    inside: set[int] = set()
    for places in _spans(target):
        span = [target[at] for at in places]
        key = tuple(word.token.stem for word in span)
        if key in PHRASES or key in THING_OF:
            text = " ".join(word.token.text for word in span)
            phrases.append(Asked(key, text, max(word.weight for word in span), key == HOW_MANY))
            inside.update(places)
    single = [
        _asked(word, IN_PHRASE if at in inside else 1.0)
        for at, word in enumerate(target)
        if word.weight > 0 and is_content(word.token)
    ]
    numbers = [Asked((), word.token.text, 0.0) for word in target if word.token.kind == "number"]
    names = [
        Asked(stems(name_words(word.token.text)), word.token.text, word.weight)
        for word in target
        if _is_compound(word)
    ]
    return (*phrases, *names, *_joined(target), *single, *numbers)


def _spans(target: Sequence[Word]) -> list[list[int]]:
    """List the runs of words that may be a phrase, also with the articles left out: `miss their payment`."""
    every = list(range(len(target)))
    bare = [at for at in every if target[at].token.lower not in DETERMINERS]
    lists = [every] if len(bare) == len(every) else [every, bare]
    spans = [
        places[start : start + length]
        for places in lists
        for length in range(2, LONGEST + 1)
        for start in range(len(places) - length + 1)
    ]
    return list(map(list, dict.fromkeys(map(tuple, spans))))


def _asked(word: Word, scale: float) -> Asked:
    is_measure = word.token.stem in MEASURES and word.weight == WRAPPER
    typo = TYPO if word.token.typo else 1.0
    return Asked((word.token.stem,), word.token.text, word.weight * scale * typo, is_measure)


def _joined(target: Sequence[Word]) -> list[Asked]:
    """Two words that a name may write as one: `NSW demand` for `nswdemand`."""
    pairs = [(one, other) for one, other in pairwise(target) if one.weight and other.weight]
    heads = [word for word in target if word.weight == max((each.weight for each in target), default=0.0) > 0]
    pairs += [(word, head) for head in heads for word in target if 0 < word.weight < head.weight]
    return [
        Asked(
            (stem(one.token.lower + other.token.lower),), f"{one.token.text} {other.token.text}", other.weight
        )
        for one, other in dict.fromkeys(pairs)
    ]


def _is_compound(word: Word) -> bool:
    """Whether a word is written as names are, of several words: `credit_risk`, `TotalCharges`."""
    kind, text = word.token.kind, word.token.text
    return kind == "name" or (kind == "word" and len(name_words(text)) > 1)


def fit(column: ColumnSeen, asked: Sequence[Asked], words: Mapping[str, tuple[str, ...]]) -> Fit:
    """Score a column.

    Args:
        column: The column.
        asked: What the question asks for.
        words: The stems of the names of columns and tables.
    """
    name = words[column.name]
    best, why = 0.0, ""
    expects: Expects = ""
    is_measure = False
    by: tuple[tuple[str, ...], float, float] = ((), 0.0, 0.0)
    known: set[str] = set()
    covered = [0.0] * len(name)
    hits: dict[str, float] = {}
    for each in (one for one in asked if one.stems):
        strength, places, how, wanted = likeness(each, name, column.name)
        if not strength:
            strength = THING * of_table(each, words.get(f"table:{column.table}", ()))
            hits[each.text] = max(hits.get(each.text, 0.0), strength)
            continue
        hits[each.text] = max(hits.get(each.text, 0.0), strength)
        known.update(each.stems)
        for place in places:
            covered[place] = max(covered[place], strength)
        if each.weight * strength > best:
            best, why, expects, is_measure = each.weight * strength, how, wanted, each.is_measure
            by = (each.stems, strength, each.weight)
    if not best:
        return Fit(column, 0.0, 0.0, "", "")
    importance = [WEAK if _is_weak(word) else 1.0 for word in name]
    of_name = sum(c * i for c, i in zip(covered, importance, strict=True)) / sum(importance)
    best *= OF_ANOTHER if name[-1] in ATTRIBUTE_STEMS and not covered[-1] else 1.0
    best *= MEASURE_ALONE if is_measure and of_name < OF_NAME_OF_MEASURE else 1.0
    counted = [each for each in asked if not each.is_joined]
    total = sum(each.weight for each in counted)
    of_question = sum(each.weight * hits.get(each.text, 0.0) for each in counted) / total if total else 0.0
    score = best * (BASE + OF_NAME * of_name + OF_QUESTION * of_question)
    score += OF_VALUES * any(each.text.casefold() in column.values_in_words for each in asked)
    uncovered = tuple(word for word, c in zip(name, covered, strict=True) if not c and not _is_weak(word))
    return Fit(column, min(score, 1.0), of_name, why, expects, *by, frozenset(known), uncovered)


def _is_weak(word: str) -> bool:
    return word in WEAK_STEMS or word.isdigit() or len(word) == 1


ATTRIBUTE_STEMS = frozenset(stem(word) for word in ATTRIBUTES)
WEAK_STEMS = frozenset(stem(word) for word in WEAK_IN_NAMES) | WEAK_IN_NAMES
