"""How alike a word of a question and a column's name are: the same, a synonym, a piece, cut short."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from projects.requirement.lexicon import CONCEPTS, THINGS, Concept, Expects
from projects.requirement.words import stems

SAME, CLOSE, PIECE, CUT_SHORT, WIDE, THING = 1.0, 0.85, 0.85, 0.75, 0.65, 0.6
BOTH_WIDE = 0.75 * WIDE
LONG, SHORTEST_CUT = 5, 3
"""Letters of a word that a name may end with, and that are left of one that a name cuts short."""
Likeness = tuple[float, tuple[int, ...], str, Expects]
"""The strength, the words of the name that are covered, why, and what such a column holds."""
NONE: Likeness = (0.0, (), "", "")


@dataclass(frozen=True)
class Asked:
    """A word or phrase of the question.

    Attributes:
        stems: Its stems.
        text: As it was written.
        weight: How much it says of the target.
        is_measure: Whether it only counts or wraps what is behind it: `how many`, `number of`.
    """

    stems: tuple[str, ...]
    text: str
    weight: float
    is_measure: bool = False

    @property
    def is_joined(self) -> bool:
        """Whether it is two words in one, which counts only where a name has it so."""
        return len(self.stems) == 1 and " " in self.text


def _phrases(concept: Concept) -> list[tuple[tuple[str, ...], float]]:
    return [(stems(phrase.split()), CLOSE) for phrase in concept.close] + [
        (stems(phrase.split()), WIDE) for phrase in concept.wide
    ]


PHRASES: dict[tuple[str, ...], list[tuple[int, float]]] = {}
for _at, _concept in enumerate(CONCEPTS):
    for _words, _strength in _phrases(_concept):
        PHRASES.setdefault(_words, []).append((_at, _strength))
THING_OF = {stems(thing.split()): at for at, line in enumerate(THINGS) for thing in line}
HOW_MANY = stems(("how", "many"))
LONGEST = max(len(words) for words in PHRASES)


def likeness(asked: Asked, name: Sequence[str], written: str) -> Likeness:
    """Find the best match of a word or phrase in a name.

    Args:
        asked: The word.
        name: The stems of the name.
        written: The name as it is written.
    """
    expects = _expected(asked.stems)
    if places := run(asked.stems, name) or _whole(asked, name, written):
        return SAME, places, f"'{asked.text}' is in its name", expects
    best = max(_by_concept(asked, name), _by_thing(asked, name), key=lambda found: found[0])
    if best[0] >= CUT_SHORT:
        return best
    if asked.is_joined:
        return max(best, _both_cut_short(asked, name), key=lambda found: found[0])
    return (
        max(best, _piece(asked, name, expects), key=lambda found: found[0]) if len(asked.stems) == 1 else best
    )


def _by_concept(asked: Asked, name: Sequence[str]) -> Likeness:
    best = NONE
    for at, strength in PHRASES.get(asked.stems, ()):
        concept = CONCEPTS[at]
        for phrase, other in _phrases_of(at):
            if (places := run(phrase, name)) and (both := _both(strength, other)) > best[0]:
                how = f"'{asked.text}' means {concept.name}, and so does its name"
                best = (both, places, how, concept.expects)
    return best


def _both(one: float, other: float) -> float:
    """The strength of two words that may stand for one another."""
    return BOTH_WIDE if one == other == WIDE else min(one, other)


def _by_thing(asked: Asked, name: Sequence[str]) -> Likeness:
    line = THING_OF.get(asked.stems)
    for phrase, other in THING_OF.items() if line is not None else ():
        if other == line and (places := run(phrase, name)):
            return THING, places, f"'{asked.text}' is another word for a part of its name", ""
    return NONE


@cache
def _phrases_of(at: int) -> list[tuple[tuple[str, ...], float]]:
    return _phrases(CONCEPTS[at])


def _expected(asked: tuple[str, ...]) -> Expects:
    found = {CONCEPTS[at].expects for at, strength in PHRASES.get(asked, ()) if strength == CLOSE}
    return found.pop() if len(found) == 1 else ""


def _piece(asked: Asked, name: Sequence[str], expects: Expects) -> Likeness:
    """`nswdemand` ends with the demand, `dur` begins the duration."""
    word = asked.stems[0]
    whole = asked.text.casefold()
    for place, part in enumerate(name):
        forms = {whole, whole.removesuffix("s")}
        if any(len(form) >= 4 and len(part) >= len(form) + 2 and part.startswith(form) | part.endswith(form)
               for form in forms):  # fmt: skip
            return PIECE, (place,), f"its name holds '{asked.text}'", expects
        if 3 <= len(part) < len(word) and word.startswith(part) and len(part) >= 0.4 * len(word):
            return CUT_SHORT, (place,), f"'{part}' is short for '{asked.text}'", expects
        if len(whole) >= LONG and whole == part[1:]:
            return CUT_SHORT, (place,), f"its name ends with '{asked.text}'", expects
    return NONE


def _both_cut_short(asked: Asked, name: Sequence[str]) -> Likeness:
    """`freemem` is short for the free memory."""
    one, _, other = asked.text.casefold().partition(" ")
    for place, part in enumerate(name):
        for cut in range(SHORTEST_CUT, len(part) - SHORTEST_CUT + 1):
            if one.startswith(part[:cut]) and other.startswith(part[cut:]):
                return CUT_SHORT, (place,), f"'{part}' is short for '{asked.text}'", ""
    return NONE


def run(wanted: Sequence[str], name: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the name where the wanted stems stand one behind the other, or written as one."""
    for start in range(len(name) - len(wanted) + 1):
        if tuple(name[start : start + len(wanted)]) == tuple(wanted):
            return tuple(range(start, start + len(wanted)))
    joined = "".join(wanted)
    if len(wanted) > 1 or len(name) > 1:
        for start in range(len(name)):
            for end in range(start + 1, min(start + 4, len(name)) + 1):
                if "".join(name[start:end]) == joined and len(joined) > 3:
                    return tuple(range(start, end))
    return ()


def _whole(asked: Asked, name: Sequence[str], written: str) -> tuple[int, ...]:
    """`cnt` is the name of the column `cnt`, whose word is `count`."""
    return tuple(range(len(name))) if asked.text.casefold() == written.casefold() else ()


def of_table(asked: Asked, table: Sequence[str]) -> float:
    """Return 1 for a word of the table's name, or one for the same kind of thing."""
    if run(asked.stems, table):
        return SAME
    line = THING_OF.get(asked.stems)
    return float(line is not None and any(THING_OF.get((word,)) == line for word in table))
