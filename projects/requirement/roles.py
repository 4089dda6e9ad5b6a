"""What each word of a sentence is there for: to name the target, an input, what to leave out, or nothing.

The sentence is read once from left to right. Words that announce (`predict`, `which`, `without`, `from`) open
a part; a full stop closes it. How much a word of the target's part says of the target is its weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from projects.requirement.cues import (
    ASIDE_FROM,
    INPUT_FROM,
    LEAVE_OUT,
    MODALS,
    NOUN_CUES,
    OUTRIGHT,
    PREDICT,
    QUESTIONS,
    is_content,
    is_cue,
)
from projects.requirement.lexicon import ADJECTIVES
from projects.requirement.weights import HEAD, NAMED, weigh
from projects.requirement.words import Token

FORBIDDEN = frozenset({"forbidden", "excluded", "banned", "unavailable", "taboo", "disallowed", "prohibited"})
PERIODS = frozenset({"seconds", "minutes", "hours", "days", "weeks", "months", "years"})
WISHES = frozenset({"want", "like", "need", "trying", "going", "hope", "wish"})


class Role(Enum):
    """What a word is there for."""

    TARGET = "target"
    INPUT = "input"
    LEFT_OUT = "left out"
    ASIDE = "aside"


@dataclass(frozen=True)
class Word:
    """A token with its role.

    Attributes:
        token: The token.
        role: What it is there for.
        weight: How much it says of the target, 0 to 1.
    """

    token: Token
    role: Role
    weight: float


def read_roles(sentence: Sequence[Token], set_aside: Sequence[tuple[int, int]] = ()) -> tuple[Word, ...]:
    """Give every word its role and weight.

    Args:
        sentence: The tokens.
        set_aside: Parts that were understood already (metrics, the horizon), from token to token.
    """
    taken = {at for start, end in set_aside for at in range(start, end)}
    roles = _roles(sentence, taken)
    roles = _left_out_afterwards(sentence, roles)
    weights = _weights(sentence, roles, taken)
    return tuple(
        Word(token, role, weights[at] if role is Role.TARGET else 0.0)
        for at, (token, role) in enumerate(zip(sentence, roles, strict=True))
    )


def _roles(sentence: Sequence[Token], taken: set[int]) -> list[Role]:
    has_cue = any(is_cue(sentence, at) for at in range(len(sentence)) if at not in taken)
    start = Role.ASIDE if has_cue else Role.TARGET
    roles, role, at = [Role.ASIDE] * len(sentence), start, 0
    while at < len(sentence):
        if at in taken:
            roles[at] = Role.ASIDE
            at += 1
            continue
        role, length = _next_role(sentence, at, role, start)
        roles[at : at + length] = [role] * length
        at += length
    return _nouns_before_cues(sentence, roles, taken) if has_cue else roles


def _next_role(sentence: Sequence[Token], at: int, role: Role, start: Role) -> tuple[Role, int]:
    """Return the role from a token on, and how many tokens announce it."""
    token = sentence[at]
    if token.kind == "mark" and token.lower in ".;?!":
        role = start
    elif token.lower == "not" and _is_corrected(sentence, at):
        return Role.ASIDE, 1
    elif token.lower == "but" and role is Role.ASIDE and _is_correction(sentence, at):
        return Role.TARGET, 1
    elif length := _announced(sentence, at, LEAVE_OUT):
        return _left_out(sentence, at, length, role)
    elif length := _announced(sentence, at, ASIDE_FROM):
        is_wish = at > 0 and sentence[at - 1].lower in WISHES
        return (role if is_wish else Role.ASIDE), length
    elif length := _announced(sentence, at, INPUT_FROM):
        return _input(sentence, at, length, role)
    is_listing = role in {Role.LEFT_OUT, Role.INPUT} and token.lower not in QUESTIONS
    is_opened = is_cue(sentence, at) and not (is_listing and token.stem not in OUTRIGHT)
    return (Role.TARGET if is_opened else role), 1


def _is_corrected(sentence: Sequence[Token], at: int) -> bool:
    """Whether `not` takes back what follows, for a `but`: `not churn, but the charges`."""
    is_first = at == 0 or (not is_content(sentence[at - 1]) and sentence[at - 1].lower not in MODALS)
    behind = [token.lower for token in sentence[at + 1 : at + 8]]
    ends = [place for place, word in enumerate(behind) if word in {"but", ".", ";"}]
    return is_first and bool(ends) and behind[ends[0]] == "but"


def _is_correction(sentence: Sequence[Token], at: int) -> bool:
    before = range(max(0, at - 8), at)
    return any(sentence[place].lower == "not" and _is_corrected(sentence, place) for place in before)


def _input(sentence: Sequence[Token], at: int, length: int, role: Role) -> tuple[Role, int]:
    """`from`, `using`: what follows is an input, unless it is a part of the target or still left out."""
    is_within = _is_within_target(sentence, at) or sentence[at - 1].lower in MODALS  # `would I have survived`
    if role is Role.TARGET and is_within:
        return role, 1
    if role is Role.LEFT_OUT and sentence[at - 1].lower in {"not", "but", "never", "without"}:
        return role, length
    return Role.INPUT, length


def _left_out(sentence: Sequence[Token], at: int, length: int, role: Role) -> tuple[Role, int]:
    """`will leave`, `likely to drop`: behind a modal, or as what customers do, these are the target."""
    word = sentence[at].lower
    before = sentence[at - 1].lower if at else ""
    if length == 1 and word in {"leave", "drop", "skip", "remove", "avoid", "exclude"}:
        is_order = at == 0 or before in {",", ".", ";", "and", "but", "please", "to", "-", "(", ":"}
        if not is_order or (role is Role.TARGET and before in {"to", "and"}):
            return role, 1
        if word == "leave" and not any(
            t.lower in {"out", "aside", "off", "away"} for t in sentence[at + 1 : at + 6]
        ):
            return role, 1
    return Role.LEFT_OUT, length


def _is_within_target(sentence: Sequence[Token], at: int) -> bool:
    """Whether `use`, `from` or `with` stands inside of what is predicted."""
    word, before = sentence[at].lower, sentence[at - 1] if at else None
    if word == "use":  # `how much power will they use`, `energy use`
        return before is not None and is_content(before)
    if word == "from":  # `tell spam from ham`
        return any(
            token.lower in {"tell", "distinguish", "separate", "discriminate"} for token in sentence[:at]
        )
    return word == "with" and any(token.lower in {"label", "tag"} for token in sentence[max(0, at - 3) : at])


def _announced(sentence: Sequence[Token], at: int, phrases: Sequence[str]) -> int:
    """Return how many tokens the longest phrase takes that begins here."""
    best = 0
    for phrase in phrases:
        words = phrase.split()
        if len(words) > best and [token.lower for token in sentence[at : at + len(words)]] == words:
            best = len(words)
    return best


def _nouns_before_cues(sentence: Sequence[Token], roles: list[Role], taken: set[int]) -> list[Role]:
    """Take in the words before `prediction`, `model`, `classifier` as the target."""
    for at, token in enumerate(sentence):
        if token.kind != "word" or token.stem not in NOUN_CUES or at in taken:
            continue
        first = at
        while first and first - 1 not in taken and _is_in_phrase(sentence[first - 1]):
            first -= 1
        for position in range(first, at):
            if roles[position] is not Role.LEFT_OUT:
                roles[position] = Role.TARGET
    return roles


def _is_in_phrase(token: Token) -> bool:
    if token.lower in {"of", "-", "risk"}:
        return True
    return token.kind in {"word", "name"} and is_content(token) and token.stem not in PREDICT


def _left_out_afterwards(sentence: Sequence[Token], roles: list[Role]) -> list[Role]:
    """Read `tenure must not be used`: what stands before it in the clause is left out."""
    changed = list(roles)
    for at in range(len(sentence)):
        if not _is_forbidden([token.lower for token in sentence[at : at + 4]]):
            continue
        first = at
        while first and sentence[first - 1].lower not in {".", ";", "but", ",", "?", "!"}:
            first -= 1
        for position in range(first, min(at + 4, len(sentence))):
            changed[position] = Role.LEFT_OUT
    return changed


def _is_forbidden(words: Sequence[str]) -> bool:
    """Whether what stands before these words must not be used."""
    if words[1:4] == ["not", "be", "used"] or words[:3] == ["not", "be", "used"]:
        return True
    if words[:3] == ["cannot", "be", "used"] or words[:3] == ["can't", "be", "used"]:
        return True
    if words[:1] and words[0] in {"is", "are", "must", "should", "will"} and words[1:2] == ["not"]:
        return bool({"allowed", "permitted", "available", "known"} & set(words[2:4]))
    last = words[1:3]
    if words[:1] and words[0] in {"is", "are"} and words[1:2] and words[1] in FORBIDDEN:
        return True
    return last in (["be", "ignored"], ["be", "excluded"], ["be", "dropped"], ["off", "limits"])


def _weights(sentence: Sequence[Token], roles: Sequence[Role], taken: set[int]) -> list[float]:
    weights = [0.0] * len(sentence)
    for first, last in _runs(sentence, roles):
        span = [at for at in range(first, last) if at not in taken]
        for at, weight in weigh(sentence, span).items() if span else ():
            weights[at] = weight
    return weights


def _runs(sentence: Sequence[Token], roles: Sequence[Role]) -> list[tuple[int, int]]:
    """Cut the target's words into runs: a run ends where the role changes or a cue opens the next."""
    runs: list[tuple[int, int]] = []
    first: int | None = None
    for at in range(len(sentence) + 1):
        is_target = at < len(sentence) and roles[at] is Role.TARGET
        if first is not None and (not is_target or is_cue(sentence, at)):
            runs.append((first, at))
            first = None
        if is_target and first is None:
            first = at
    return runs


def with_adjectives(words: Sequence[Word]) -> tuple[Word, ...]:
    """Read `how long` and `how old` as what they ask for, and let `how many` weigh."""
    found = list(words)
    for at in range(len(words) - 1):
        if words[at].role is not Role.TARGET or words[at].token.lower != "how":
            continue
        behind = words[at + 1]
        if meant := ADJECTIVES.get(f"how {behind.token.lower}"):
            found[at + 1] = replace(behind, token=replace(behind.token.read_as(meant), typo=""), weight=HEAD)
        elif behind.token.lower == "many":
            unit = words[at + 2].token.lower if at + 2 < len(words) else ""
            since = words[at + 3].token.lower if at + 3 < len(words) else ""
            if unit in PERIODS and since not in {
                "since",
                "until",
                "till",
                "before",
                "after",
                "left",
            }:  # `how many months does a customer stay`
                found[at + 1] = replace(behind, token=behind.token.read_as("duration"), weight=HEAD)
                found[at + 1] = replace(found[at + 1], token=replace(found[at + 1].token, typo=""))
                found[at + 2] = replace(words[at + 2], weight=0.0)
            else:
                found[at + 1] = replace(behind, weight=NAMED)
    return tuple(found)
