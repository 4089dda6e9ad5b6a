"""Numbers as people write them: `100k`, `1,000`, `90%`, `$500`, `two weeks`, `half a million`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from projects.requirement.words import Token

DECIMAL_COMMA = re.compile(r"^(0|\d+(?=,\d{1,2}\D*$)),(\d+)(?=\D*$)")
"""`0,85` and `12,5` as many write them; `1,325` is a thousand and more."""
SCALES = {"k": 1e3, "m": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9}
SMALL = {
    "zero": 0, "one": 1, "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "couple": 2, "half": 0.5, "dozen": 12,
}  # fmt: skip
LARGE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "mio": 1e6, "mn": 1e6}


@dataclass(frozen=True)
class Quantity:
    """A number in a sentence.

    Attributes:
        value: The number; of a percentage its share.
        is_percent: Whether it was written as a percentage.
        end: The position of the token behind it.
    """

    value: float
    is_percent: bool
    end: int


def quantity_at(sentence: Sequence[Token], start: int) -> Quantity | None:
    """Read the number that begins at a token; None if none does."""
    at, value = start, None
    while at < len(sentence):
        token = sentence[at]
        if value is None and token.kind == "number":
            value = _digits(token.lower)
            if token.lower.endswith("%"):
                return Quantity(value / 100, True, at + 1)
        elif value is None and token.lower in SMALL:
            value = float(SMALL[token.lower])
        elif value is not None and token.lower in SMALL and not _is_article(sentence, at):
            value = value * SMALL[token.lower] if value < 1 else value + SMALL[token.lower]
        elif value is not None and token.lower in LARGE:
            value *= LARGE[token.lower]
        elif not (value is not None and token.lower in {"a", "of"} and _goes_on(sentence, at)):
            break
        at += 1
    if value is None or (at == start + 1 and sentence[start].lower in {"a", "an"}):
        return None
    if at < len(sentence) and sentence[at].lower in {"percent", "pct", "per cent"}:
        return Quantity(value / 100, True, at + 1)
    return Quantity(value, False, at)


def _is_article(sentence: Sequence[Token], at: int) -> bool:
    return sentence[at].lower in {"a", "an"}


def _goes_on(sentence: Sequence[Token], at: int) -> bool:
    """Whether `a` or `of` stands inside a number, as in `half a million`."""
    return at + 1 < len(sentence) and sentence[at + 1].lower in LARGE


def _digits(text: str) -> float:
    plain = text.lstrip("$€£").rstrip("%").strip()
    plain = DECIMAL_COMMA.sub(r"\1.\2", plain).replace(",", "")
    digits = plain.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(digits) * SCALES.get(plain[len(digits) :], 1.0)
