"""How far a sentence looks ahead: `in the next 30 days`, `next month`, `tomorrow`, `within two weeks`."""

from collections.abc import Sequence
from dataclasses import dataclass

from projects.requirement.quantities import quantity_at
from projects.requirement.words import Token

DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "fortnight": 14.0, "month": 30.0,
        "quarter": 91.0, "year": 365.0, "night": 1.0, "weekend": 7.0, "semester": 182.0, "season": 91.0,
        "monday": 7.0, "tuesday": 7.0, "wednesday": 7.0, "thursday": 7.0, "friday": 7.0, "saturday": 7.0,
        "sunday": 7.0, "summer": 365.0, "winter": 365.0, "spring": 365.0, "autumn": 365.0}  # fmt: skip
"""Days of each unit; a month is 30 days, as in most billing."""
SINGLE = {"tomorrow": 1.0, "overnight": 1.0, "tonight": 1.0}
AHEAD = frozenset(
    {"next", "coming", "following", "upcoming", "within", "in", "over", "during", "for", "this", "the"}
)
LOOKS_AHEAD = frozenset({"next", "coming", "following", "upcoming", "within"})
BEHIND = frozenset({"last", "past", "previous", "prior"})
AFTER_UNIT = frozenset({"ahead", "forward", "from", "out", "time", "advance"})


@dataclass(frozen=True)
class Horizon:
    """How far ahead.

    Attributes:
        days: The days.
        text: The words that say so.
        start: The first token of them.
        end: The token behind them.
    """

    days: float
    text: str
    start: int
    end: int


def find_horizon(sentence: Sequence[Token]) -> Horizon | None:
    """Find the first phrase that looks ahead; a span of the past (`the last 30 days`) is none."""
    for start, token in enumerate(sentence):
        if token.lower in SINGLE:
            return Horizon(SINGLE[token.lower], token.text, start, start + 1)
        if found := _span(sentence, start):
            return found
    return None


def _span(sentence: Sequence[Token], start: int) -> Horizon | None:
    """Read `[next|within|in|over the next] [30] days [ahead]` from a token on."""
    at, words = start, []
    while at < len(sentence) and sentence[at].lower in AHEAD:
        words.append(sentence[at].lower)
        at += 1
    if at < len(sentence) and sentence[at].lower in BEHIND:
        return None
    number = quantity_at(sentence, at)
    at = number.end if number else at
    while at < len(sentence) and sentence[at].lower in {"-", "calendar", "business", "working", "of", "full"}:
        at += 1
    if at >= len(sentence) or (unit := _unit(sentence[at])) is None:
        return None
    behind = sentence[at + 1].lower if at + 1 < len(sentence) else ""
    is_ahead = bool(LOOKS_AHEAD & set(words)) or behind in AFTER_UNIT
    before = sentence[start - 1].lower if start else ""
    if before in {*BEHIND, "every", "each", "per"} or (before == "a" and behind not in AFTER_UNIT):
        return None
    if not is_ahead and not (number and words and words[0] == "in"):
        return None
    end = at + 2 if behind in {"ahead", "out"} else at + 1
    amount = number.value if number else 1.0
    text = " ".join(token.text for token in sentence[start:end])
    return Horizon(amount * DAYS[unit], text, start, end)


def _unit(token: Token) -> str | None:
    word = token.lower
    return next((unit for unit in (word, word.removesuffix("s")) if unit in DAYS), None)
