"""What a text names, by its form: people, organisations, places, money, shares, times, numbers, other names.

Money, shares and times are told by their signs and units; people, organisations and places by capitals
together with lists of words: given names and titles ("Mr"), what companies and offices are called by ("Inc",
"University"), countries and cities. Where most words have capitals, as in headlines, a capital alone says
nothing; there a name is what the lists know.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any, Self

from serving.plan.text.reading import Reading

NAMES = ("persons", "organisations", "places", "money", "percents", "times", "numbers", "others")
READ = 10_000
"""Characters of a text that are searched."""
HEADLINE = 0.6
"""From this share of words with a capital on, a capital alone says nothing."""
WORD = re.compile(r"(?u)[^\W\d_](?:[\w&-]|['\u2019.](?=\w))*")
SIGNS = "$\u20ac\u00a3\u00a5\u20b9"
SCALES = "thousand|million|billion|trillion|mn|bn|[kmb]"
UNITS = "dollars?|euros?|pounds?|yen|yuan|rupees?|usd|eur|gbp|cents?"
MONTHS = "january|february|april|june|july|august|september|october|november|december"
SHORT_MONTHS = "jan|feb|mar|march|apr|may|jun|jul|aug|sept?|oct|nov|dec"
DAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
MONEY = re.compile(
    rf"[{SIGNS}] ?\d|\b(?:usd|eur|gbp|rs\.?) ?\d|\d ?(?:{SCALES})? ?(?:{UNITS})\b|\d ?[{SIGNS}]",
    re.IGNORECASE,
)
PERCENT = re.compile(r"\d ?(?:%|percent\b|per cent\b|pct\b)", re.IGNORECASE)
TIME = re.compile(
    rf"\b(?:{DAYS}|{MONTHS}|(?:{SHORT_MONTHS})\.? \d|today|tomorrow|yesterday|tonight)"
    r"|\b(?:(?:19|20)\d\d\b(?![.,:]\d)|\d{1,2}:\d\d|\d{1,2} ?[ap]\.?m\b|\d{1,4}[-/]\d{1,2}[-/]\d{1,4})",
    re.IGNORECASE,
)
ENDS = re.compile(r"[.!?:;\u2026]")
SPEECH = frozenset({"said", "says", "told", "tells", "added", "asked", "wrote", "tweeted"})
LONGEST_ACRONYM = 5


@dataclass(frozen=True)
class Lists:
    """The words that names are known by, in small letters.

    Attributes:
        given: Given names of people.
        titles: What stands before a person's name.
        marks: What is part of an organisation's name.
        places: Countries, states and cities; of one word or two.
        common: Words that are no name, though a sentence may begin with them.
    """

    given: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()


class Entities:
    """Eight numbers: log(1 + how many) of each of NAMES.

    Args:
        lists: The words that names are known by.
    """

    kind = "entities"
    names: tuple[str, ...] = NAMES

    def __init__(self, lists: Lists) -> None:
        self.lists = lists

    def of(self, reading: Reading) -> Sequence[float]:
        """Return the eight numbers, of the text's first READ characters."""
        return tuple(log1p(count) for count in self.counts(reading.text[:READ]))

    def counts(self, text: str) -> tuple[int, ...]:
        """Return how many of each of NAMES a text has."""
        named = _named(text, self.lists) if text != text.lower() else (0, 0, 0, 0)
        persons, organisations, places, others = named
        has_digits = NUMBER.search(text) is not None
        money, percents = (len(MONEY.findall(text)), len(PERCENT.findall(text))) if has_digits else (0, 0)
        numbers = len(NUMBER.findall(text)) if has_digits else 0
        return (persons, organisations, places, money, percents, len(TIME.findall(text)), numbers, others)

    def as_json(self) -> Mapping[str, Any]:
        """Return the lists."""
        return {name: sorted(getattr(self.lists, name)) for name in Lists.__dataclass_fields__}

    def __getstate__(self) -> Mapping[str, Any]:
        """Return the lists in order, so that equal measures have equal pickles."""
        return self.as_json()

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.lists = Entities.from_json(state).lists

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Make it anew of what `as_json` returned."""
        return cls(Lists(**{name: frozenset(document[name]) for name in Lists.__dataclass_fields__}))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a text, `key` in small letters without a possessive; whether a sentence begins with it."""

    text: str
    key: str
    is_capital: bool
    begins: bool
    is_joined: bool


def _words(text: str) -> list[_Word]:
    words, end = [], 0
    for found in WORD.finditer(text):
        between = text[end : found.start()]
        word = found.group()
        key = word.lower().removesuffix("'s").removesuffix("\u2019s")
        begins = end == 0 or ENDS.search(between) is not None
        words.append(_Word(word, key, word[0].isupper(), begins, between == " "))
        end = found.end()
    return words


def _named(text: str, lists: Lists) -> tuple[int, int, int, int]:
    """Count persons, organisations, places and other names."""
    words = _words(text)
    long = [word for word in words if len(word.text) > 3]
    is_headline = sum(word.is_capital for word in long) >= HEADLINE * max(len(long), 1) and len(long) > 2
    counts = {"person": 0, "organisation": 0, "place": 0, "other": 0}
    start = 0
    while start < len(words):
        run = _run(words, start)
        if run:
            kinds = _kinds(run, words[start - 1] if start else None, _after(words, start + len(run)), lists)
            for kind in kinds:
                counts[kind] += 1
            if not kinds and not is_headline and _is_name(run, lists):
                counts["other"] += 1
        start += max(len(run), 1)
    return counts["person"], counts["organisation"], counts["place"], counts["other"]


def _run(words: Sequence[_Word], start: int) -> Sequence[_Word]:
    """Return the words with capitals from here on that one blank joins."""
    end = start
    while end < len(words) and words[end].is_capital and (end == start or words[end].is_joined):
        end += 1
    return words[start:end]


def _after(words: Sequence[_Word], place: int) -> str:
    return words[place].key if place < len(words) else ""


def _kinds(run: Sequence[_Word], before: _Word | None, after: str, lists: Lists) -> list[str]:
    """Say what a run of capitals names; a headline is one long run, which may name several."""
    kinds, place = [], 0
    # Among capitals alone none stands out.
    has_acronyms = len(run) == 1 or any(not word.text.isupper() for word in run)
    while place < len(run):
        previous = before if place == 0 else run[place - 1]
        kind, taken = _kind(run, place, previous, lists, has_acronyms=has_acronyms)
        if kind:
            kinds.append(kind)
        place += taken
    if not kinds and 2 <= len(run) <= 3 and after in SPEECH:
        return ["person"]
    return kinds


def _kind(
    run: Sequence[_Word], place: int, before: _Word | None, lists: Lists, *, has_acronyms: bool
) -> tuple[str | None, int]:
    """Say what begins at a place in a run, and how many words it takes."""
    word = run[place]
    following = run[place + 1].key if place + 1 < len(run) else ""
    if f"{word.key} {following}" in lists.places:
        return "place", 2
    kind, taken = None, 1
    # "us" is a country only in capitals.
    if word.key in lists.places and (len(word.key) > 3 or word.text.isupper()):
        kind = "place"
    if word.key not in lists.common:
        if following in lists.marks:
            kind, taken = "organisation", 2
        elif word.key in lists.given and following and following not in lists.common:
            kind, taken = "person", 2
        elif before is not None and before.key in lists.titles:
            kind = "person"
        elif kind is None and has_acronyms and _is_acronym(word):
            kind = "organisation"
    return kind, taken


def _is_acronym(word: _Word) -> bool:
    return 2 <= len(word.text) <= LONGEST_ACRONYM and word.text.isupper()


def _is_name(run: Sequence[_Word], lists: Lists) -> bool:
    """Whether it names anything at all: a capital that is not a sentence's first, or two of them."""
    told = [word for word in run if word.key not in lists.common]
    return len(told) > 1 or (len(told) == 1 and not told[0].begins)
