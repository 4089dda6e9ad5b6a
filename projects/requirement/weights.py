"""How much each word of the target's part says of the target, 0 to 1, by its place.

In `price of shuttles` the price weighs most; in `which customers will churn` what comes behind `will`; in
`classify tickets into topics` what comes behind `into`. Where the place does not tell the verb from its
subject, all words weigh alike, so that two columns that fit are asked about.
"""

from collections.abc import Mapping, Sequence

from projects.requirement.cues import (
    DETERMINERS,
    INTO,
    LIGHT,
    LIKELY,
    MEASURES,
    MODALS,
    NAMES_TOO,
    PREPOSITIONS,
    QUESTIONS,
    SORTING,
    SUBJECTS,
    THING_STEMS,
    YES_OR_NO,
    is_content,
    is_cue,
    is_relative,
)
from projects.requirement.lexicon import ADJECTIVES
from projects.requirement.words import Token, stem

HEAD, EVEN, NAMED, THING, WRAPPER, OBJECT, COMPLEMENT, PART, SUBJECT, BEHIND, FAR = (
    1.0, 0.9, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.3, 0.25, 0.15,
)  # fmt: skip
"""What is predicted; words that may be; what follows `what`; a thing alone; `number of`; the verb's object;
what follows `of`; what narrows; who does it; what follows a preposition; what follows a comma."""
TAILS = frozenset(
    map(stem, ("status", "type", "level", "kind", "category", "range", "index", "band", "situation"))
)
"""Behind another word they leave it to that word to say what is meant: `marital status`, `price range`."""
KINDS = frozenset(map(stem, ("kind", "type", "sort")))
"""`what kind of contract` asks for the contract."""
PERIODS = frozenset({"hour", "day", "week", "month", "quarter", "year"})
COMPARING = frozenset(
    {"exceed", "exceeds", "exceeding", "above", "below", "over", "under", "than", "reach", "reaches"}
)

Weights = dict[int, float]


def weigh(sentence: Sequence[Token], span: Sequence[int]) -> Weights:
    """Weigh the words of one run of the target's part.

    Args:
        sentence: All tokens.
        span: The run's positions; it begins with the word that announces it, if one does.
    """
    weights = _weigh(sentence, span)
    for at in span[1:]:  # `each month` says as much as `monthly` does
        if sentence[at].lower in PERIODS and sentence[at - 1].lower in {"per", "each", "every", "a"}:
            weights[at] = PART
    return weights


def _weigh(sentence: Sequence[Token], span: Sequence[int]) -> Weights:
    opening = sentence[span[0]]
    if not is_cue(sentence, span[0]):
        return weigh_noun(sentence, span)
    rest = span if opening.stem in NAMES_TOO else span[1:]
    if opening.stem in SORTING:
        return _weigh_sorting(sentence, opening, rest)
    if opening.lower in QUESTIONS | YES_OR_NO or is_relative(sentence, span[0]):
        return _weigh_question(sentence, rest, opening)
    return _weigh_object(sentence, rest)


def _weigh_object(sentence: Sequence[Token], span: Sequence[int]) -> Weights:
    """Weigh what is behind `predict`: a noun phrase, or `patients likely to suffer a stroke`."""
    cut = next((at for at in span if _is_likely(sentence, at)), None)
    behind = [at for at in span if cut is not None and at > cut]
    if not any(is_content(sentence[at]) for at in behind):
        return weigh_noun(sentence, span)
    before = {at: SUBJECT for at in span if at < (cut or 0) and is_content(sentence[at])}
    return before | _weigh_predicate(sentence, behind)


def _is_likely(sentence: Sequence[Token], at: int) -> bool:
    """Whether what follows is done by what stands before: `likely to`, `about to`, `at risk of`."""
    behind = sentence[at + 1].lower if at + 1 < len(sentence) else ""
    pair = (sentence[at].lower, behind)
    return sentence[at].lower in LIKELY or pair in {
        ("about", "to"),
        ("at", "risk"),
        ("danger", "of"),
        ("going", "to"),
    }


def weigh_noun(sentence: Sequence[Token], span: Sequence[int]) -> Weights:
    """Weigh a noun phrase: its last word before a preposition is the head; `of` and `and` carry on."""
    weights: Weights = {}
    phrase: list[int] = []
    level = HEAD
    for at in span:
        word = sentence[at].lower
        opens_clause = word in DETERMINERS and bool(phrase)  # `the balance a customer keeps`
        if (
            not opens_clause
            and word not in PREPOSITIONS
            and word not in {"of", ",", "and", "or", "&", "(", ")"}
        ):
            phrase += [at] if is_content(sentence[at]) else []
            continue
        weights |= _weigh_phrase(sentence, phrase, level)
        # `price each house`, `how large an amount`: what stands before the article narrows nothing.
        is_before_article = opens_clause and (phrase[0] == 0 or sentence[phrase[0] - 1].lower == "how")
        if not is_before_article:
            level = _level_behind(sentence, word, phrase, weights, level)
        phrase = []
    return weights | _weigh_phrase(sentence, phrase, level)


def _level_behind(
    sentence: Sequence[Token], word: str, phrase: Sequence[int], weights: Weights, level: float
) -> float:
    """Return how much the head of the next phrase weighs; lower a measure such as `number` before `of`."""
    if word in {"and", "or", "&"} or not weights:
        return level
    if word == "of":
        is_measure = all(sentence[at].stem in MEASURES for at in phrase)
        if phrase and is_measure and level == HEAD:
            weights[phrase[-1]] = WRAPPER
        return level if is_measure else min(level, COMPLEMENT)
    return min(level, SUBJECT if word in {",", "("} else BEHIND)


def _weigh_phrase(sentence: Sequence[Token], phrase: Sequence[int], level: float) -> Weights:
    if not phrase:
        return {}
    if sentence[phrase[-1]].stem in TAILS and len(phrase) > 1:
        return dict.fromkeys(phrase[:-2], PART * level) | {phrase[-2]: THING * level, phrase[-1]: level}
    if sentence[phrase[-1]].stem not in THING_STEMS:
        return dict.fromkeys(phrase[:-1], PART * level) | {phrase[-1]: level}
    # `fraudulent transactions`, `registered users`: what narrows a thing says more than the thing.
    before = {at: (PART if sentence[at].stem in THING_STEMS else THING) * level for at in phrase[:-1]}
    return before | {phrase[-1]: (OBJECT if before else THING) * level}


def _weigh_sorting(sentence: Sequence[Token], opening: Token, span: Sequence[int]) -> Weights:
    """`classify tickets into topics`: behind `into` is the target; `assign topics to tickets`: before it."""
    into = next((at for at in span if sentence[at].lower in INTO), None)
    behind = [at for at in span if into is not None and at > into]
    if into is None or not any(is_content(sentence[at]) for at in behind):
        return weigh_noun(sentence, span)
    before = [at for at in span if at < into]
    is_of_things = bool(before) and sentence[before[-1]].stem in THING_STEMS
    has_before = any(is_content(sentence[at]) for at in before)
    if (
        has_before
        and opening.lower.startswith("assign")
        and sentence[into].lower == "to"
        and not is_of_things
    ):
        return weigh_noun(sentence, before)
    return {at: SUBJECT for at in before if is_content(sentence[at])} | weigh_noun(sentence, behind)


def _weigh_question(sentence: Sequence[Token], span: Sequence[int], opening: Token) -> Weights:
    """`which customers will churn`: behind the modal is what is asked, before it who does it."""
    if opening.lower in YES_OR_NO:
        return _weigh_clause(sentence, span)
    if len(span) > 2 and sentence[span[0]].stem in KINDS and sentence[span[1]].lower == "of":
        return {at: SUBJECT for at in span[3:] if is_content(sentence[at])} | {span[0]: PART, span[2]: HEAD}
    cut = next((at for at in span if sentence[at].lower in MODALS), None)
    if cut is None:
        if opening.lower in {"who", "whom"}:
            return _weigh_predicate(sentence, span)
        return (
            weigh_noun(sentence, span) if opening.lower in {"what", "how"} else _weigh_clause(sentence, span)
        )
    before, behind = [at for at in span if at < cut], [at for at in span if at > cut]
    has_subject = bool(before) or opening.lower in {"who", "which", "that"}
    is_amount = opening.lower in {"what", "how"}  # its own subject follows: `how much does an officer earn`
    asked = (
        _weigh_predicate(sentence, behind)
        if has_subject and not is_amount
        else _weigh_clause(sentence, behind)
    )
    if opening.lower == "how" and before and f"how {sentence[before[0]].lower}" in ADJECTIVES:
        asked = {at: OBJECT * weight for at, weight in asked.items()}  # `how long` says it all
    return _weigh_subject(sentence, before, opening, asked, _is_comparison(sentence, behind)) | asked


def _weigh_subject(
    sentence: Sequence[Token],
    span: Sequence[int],
    opening: Token,
    asked: Mapping[int, float],
    is_comparison: bool,
) -> Weights:
    """Weigh what stands before the modal: `which topic does it have`, `whether income is above 50K`."""
    weights = weigh_noun(sentence, span)
    if is_comparison or not any(weight > PART for weight in asked.values()):
        return weights
    is_thing = bool(span) and sentence[span[-1]].stem in THING_STEMS
    if opening.lower in {"what", "how"} or (opening.lower == "which" and not is_thing):
        return {at: NAMED * weight for at, weight in weights.items()}
    return {at: SUBJECT * weight for at, weight in weights.items()}


def _weigh_clause(sentence: Sequence[Token], span: Sequence[int]) -> Weights:
    """Weigh a subject and its verb: behind a pronoun or a thing comes the verb, else all weigh alike."""
    first = 0
    while first < len(span) and _may_begin(sentence[span[first]]):
        first += 1
    subject = [at for at in span[:first] if sentence[at].stem in THING_STEMS]
    rest = span[first:]
    if (
        first
        and (subject or any(sentence[at].lower in SUBJECTS for at in span[:first]))
        and any(is_content(sentence[at]) for at in rest)
    ):
        return dict.fromkeys(subject, SUBJECT) | _weigh_predicate(sentence, rest)
    weights = _weigh_predicate(sentence, span)
    return {at: EVEN if weight >= OBJECT else weight for at, weight in weights.items()}


def _may_begin(token: Token) -> bool:
    return (
        token.stem in THING_STEMS
        or token.lower in SUBJECTS
        or (not is_content(token) and token.kind == "word")
    )


def _weigh_predicate(sentence: Sequence[Token], span: Sequence[int]) -> Weights:
    """Weigh a verb and what follows: the first word most, its object less, behind a preposition least."""
    weights: Weights = {}
    level = HEAD
    for at in span:
        word = sentence[at].lower
        if word == ",":
            level = min(level, FAR if weights else level)
        elif word in PREPOSITIONS and weights:
            level = min(level, BEHIND)
        elif is_content(sentence[at]):
            is_thing = sentence[at].stem in THING_STEMS and level > SUBJECT
            is_light = sentence[at].stem in LIGHT and level > SUBJECT and _has_object(sentence, span, at)
            weights[at] = SUBJECT if is_thing else min(level, PART) if is_light else level
            level = level if is_thing or is_light else min(level, OBJECT)
    if weights and max(weights.values()) <= PART:
        best = max(weights.values())
        return {at: THING if weight == best else weight for at, weight in weights.items()}
    return weights


def _has_object(sentence: Sequence[Token], span: Sequence[int], verb: int) -> bool:
    """Whether a content word follows the verb before any preposition."""
    for at in span:
        if at > verb and sentence[at].lower in PREPOSITIONS:
            return False
        if at > verb and is_content(sentence[at]):
            return True
    return False


def _is_comparison(sentence: Sequence[Token], span: Sequence[int]) -> bool:
    return any(sentence[at].lower in COMPARING or sentence[at].kind == "sign" for at in span)
