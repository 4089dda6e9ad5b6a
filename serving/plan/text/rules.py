"""What a person's rules say of a text: for each group, the weights of those that hold added up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from serving.plan.text.reading import WORD, Reading

READ = 10_000
"""Characters of a text in which a pattern is searched: a person's pattern may be slow."""
FEW = 5
"""Repetitions that may hold others: a row of numbers and dots is written so."""


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
        """Make the measure of its rules.

        Raises:
            ValueError: A pattern is no regular expression, or may take for ever.
        """
        rules = [Rule(**{**rule, "any": tuple(rule["any"])}) for rule in document["rules"]]
        for rule in rules:
            try:
                explodes = may_explode(rule.pattern)
            except re.error as error:
                raise ValueError(f"the pattern of rule '{rule.name}': {error}") from error
            if explodes:
                raise ValueError(f"the pattern of rule '{rule.name}' may take for ever on some texts")
        return cls(rules)


def may_explode(pattern: str) -> bool:
    """Whether a repetition holds what may match in several ways, as in `(a+)+` or `(a|aa)+`.

    Its time may double with each letter of a text, and no other thread runs meanwhile.

    Raises:
        re.error: It is no regular expression.
    """
    from re import _parser  # type: ignore[attr-defined]

    return _holds_ways(_parser.parse(pattern), is_repeated=False)


def _holds_ways(tree: Any, *, is_repeated: bool) -> bool:
    if hasattr(tree, "data"):
        tree = tree.data
    if isinstance(tree, list):
        return any(_holds_ways(item, is_repeated=is_repeated) for item in tree)
    if not isinstance(tree, tuple):
        return False
    kind = str(tree[0])
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, held = tree[1]
        in_ways = is_repeated and least != most
        return in_ways or _holds_ways(held, is_repeated=is_repeated or int(most) > FEW)
    in_ways = is_repeated and kind == "BRANCH"
    return in_ways or any(_holds_ways(item, is_repeated=is_repeated) for item in tree[1:])
