"""The sentiment of a text, by a lexicon that says how kind and how personal a word is.

The rules are those of pattern.en (De Smedt and Daelemans 2012), which TextBlob uses: known words alone count,
an adverb strengthens or weakens the known word after it, a negation turns it to minus a half of itself ("not
good" is a little bad), and an exclamation mark strengthens the last known word by a quarter.
"""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from serving.plan.text.reading import Reading

NEGATIONS = frozenset({"no", "not", "n't", "never", "cannot"})
CONTRACTED = ("n't", "n\u2019t")
EXCLAIMED, NEGATED = 1.25, -0.5
TOKEN = re.compile(r"(?u)\b\w[\w'\u2019-]*\b|!")
NAMES = ("polarity", "subjectivity", "positive", "negative", "strongest")


class Entry(NamedTuple):
    """What the lexicon says of a word.

    Attributes:
        polarity: From -1 (bad) to 1 (good).
        subjectivity: From 0 (a fact) to 1 (an opinion).
        intensity: By what the next known word is multiplied, if this one is an adverb; 0.5 to 2.
        is_adverb: Whether it may strengthen or weaken the next word.
    """

    polarity: float
    subjectivity: float
    intensity: float
    is_adverb: bool


class Sentiment:
    """Five numbers: mean polarity and subjectivity, shares of good and bad words, the strongest polarity.

    Args:
        lexicon: Of each known word, in small letters, what it says.
    """

    kind = "sentiment"
    names: tuple[str, ...] = NAMES

    def __init__(self, lexicon: Mapping[str, Entry]) -> None:
        self.lexicon = dict(lexicon)

    def of(self, reading: Reading) -> Sequence[float]:
        """Return the five numbers; all are 0 for a text without a known word."""
        said = self.opinions(reading)
        if not said:
            return (0.0, 0.0, 0.0, 0.0, 0.0)
        polarities = [polarity for polarity, _ in said]
        words = max(len(reading.words), 1)
        return (
            sum(polarities) / len(said),
            sum(subjectivity for _, subjectivity in said) / len(said),
            sum(polarity > 0 for polarity in polarities) / words,
            sum(polarity < 0 for polarity in polarities) / words,
            max(polarities, key=abs),
        )

    def opinions(self, reading: Reading) -> list[tuple[float, float]]:
        """Return polarity and subjectivity of each known word, with those that strengthen or turn it."""
        words = TOKEN.findall(reading.lowered) if "!" in reading.text else reading.words
        listener = _Listener(self.lexicon)
        for word in words:
            listener.hear(word)
        return [
            (one.polarity * NEGATED if one.is_negated else one.polarity, one.subjectivity)
            for one in listener.heard
        ]

    def as_json(self) -> Mapping[str, Any]:
        """Return the lexicon."""
        return {"lexicon": {word: [*entry[:3], int(entry.is_adverb)] for word, entry in self.lexicon.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Sentiment":
        """Make it anew of what `as_json` returned.

        Raises:
            ValueError: A word's numbers are not finite, or its intensity is not above 0.
        """
        entries = data["lexicon"].items()
        lexicon = {word: Entry(p, s, i, bool(adverb)) for word, (p, s, i, adverb) in entries}
        for word, entry in lexicon.items():
            if not (all(map(isfinite, entry[:3])) and entry.intensity > 0):
                raise ValueError(f"the lexicon says {entry[:3]} of '{word}'")
        return cls(lexicon)


class _Opinion:
    """A known word, as it was strengthened and turned so far."""

    __slots__ = ("intensity", "is_negated", "polarity", "subjectivity")

    def __init__(self, entry: Entry) -> None:
        self.polarity, self.subjectivity, self.intensity, _ = entry
        self.is_negated = False

    def continue_with(self, entry: Entry) -> None:
        """Let an adverb give way to the word that it strengthens."""
        self.polarity = _within(entry.polarity * self.intensity)
        self.subjectivity = _within(entry.subjectivity * self.intensity)
        self.intensity = entry.intensity


class _Listener:
    """Goes through the words of a text; remembers an adverb and a negation until a known word comes."""

    def __init__(self, lexicon: Mapping[str, Entry]) -> None:
        self.lexicon = lexicon
        self.heard: list[_Opinion] = []
        self.adverb: str | None = None
        self.has_negation = False

    def hear(self, word: str) -> None:
        # The lexicon's own scores of "isn't" would count its "not" twice.
        entry = None if word.endswith(CONTRACTED) else self.lexicon.get(word)
        if entry is None:
            self._unknown(word)
        else:
            self._known(word, entry)

    def _known(self, word: str, entry: Entry) -> None:
        if self.adverb is None:
            self.heard.append(_Opinion(entry))
        else:
            self.heard[-1].continue_with(entry)
        if self.has_negation:
            last = self.heard[-1]
            last.intensity = 1 / last.intensity
            last.is_negated = True
        self.adverb = word if entry.is_adverb else None
        self.has_negation = _negates(word)

    def _unknown(self, word: str) -> None:
        if word == "!":
            if self.heard:
                self.heard[-1].polarity = _within(self.heard[-1].polarity * EXCLAIMED)
            return
        if _negates(word):
            self.has_negation = True
        elif self.has_negation and len(word.strip("'")) > 1:
            self.has_negation = False
        if self.has_negation and self.adverb is not None and self.adverb.endswith("ly"):
            # "really not good": the adverb stays the beginning of what comes.
            self.heard[-1].is_negated = True
            self.has_negation = False
        elif self.adverb is not None and len(word) > 2:
            self.adverb = None


def _negates(word: str) -> bool:
    return word in NEGATIONS or word.endswith(CONTRACTED)


def _within(value: float) -> float:
    return max(-1.0, min(value, 1.0))
