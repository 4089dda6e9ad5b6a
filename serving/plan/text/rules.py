"""What a person's rules say of a text: for each group, the weights of those that hold added up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from serving.plan.text.reading import WORD, Reading

READ = 10_000
"""Characters of a text in which a pattern is searched: a person's pattern may be slow."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds for a text with one of the words or phrases, or with the pattern.

    Attributes:
        name: For messages.
        group: What it speaks for; its weight is added to this group's number.
        any: Words and phrases, of which one is enough; capitals do not count.
        pattern: A regular expression of Python, searched in the text as it is; empty for none.
        weight: What it adds where it holds.
    """

    name: str
    group: str
    any: tuple[str, ...] = ()
    pattern: str = ""
    weight: float = 1.0


class Rules:
    """A number a group of rules.

    Args:
        rules: In the order in which they were written.
    """

    kind: ClassVar[str] = "rules"

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.names = tuple(dict.fromkeys(rule.group for rule in rules))
        self._held = [
            (
                self.names.index(rule.group),
                frozenset(f" {' '.join(WORD.findall(words.lower()))} " for words in rule.any),
                re.compile(rule.pattern) if rule.pattern else None,
                rule.weight,
            )
            for rule in rules
        ]

    def of(self, reading: Reading) -> Sequence[float]:
        """Return the sums; zeros for a text for which no rule holds."""
        spaced, start = f" {' '.join(reading.words)} ", reading.text[:READ]
        numbers = [0.0] * len(self.names)
        for place, words, pattern, weight in self._held:
            if any(word in spaced for word in words) or (pattern is not None and pattern.search(start)):
                numbers[place] += weight
        return numbers

    def as_json(self) -> Mapping[str, Any]:
        """Return the rules."""
        return {"rules": [asdict(rule) for rule in self.rules]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Make the measure of its rules."""
        return cls([Rule(**{**rule, "any": tuple(rule["any"])}) for rule in document["rules"]])
