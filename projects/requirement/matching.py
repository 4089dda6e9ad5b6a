"""How well a column's name fits what a sentence asks for: shared words, synonyms, abbreviations, typos.

A score goes from 0 to 1: the best match of a word by its weight, times how much of the name and of the
question is covered. `price` fits "price of shuttles" better than `review_scores_price` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from projects.requirement.cues import MEASURES, is_content
from projects.requirement.lexicon import CONCEPTS, THINGS, WEAK_IN_NAMES, Concept, Expects
from projects.requirement.roles import Role, Word
from projects.requirement.seen import ColumnSeen
from projects.requirement.weights import WRAPPER
from projects.requirement.words import name_words, stem, stems

SAME, CLOSE, PIECE, CUT_SHORT, WIDE, THING = 1.0, 0.85, 0.85, 0.75, 0.65, 0.6
TYPO, IN_PHRASE = 0.9, 0.7
MEASURE_ALONE, OF_NAME_OF_MEASURE = 0.6, 0.6
"""`how many X` says little of a column that counts something else."""
BASE, OF_NAME, OF_QUESTION = 0.55, 0.3, 0.15
OF_VALUES = 0.12
"""For a question that names one of the column's values, such as `more than 50K`."""
WEAK = 0.3


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


@dataclass(frozen=True)
class Fit:
    """How a column fits.

    Attributes:
        column: The column.
        score: 0 to 1.
        of_name: The share of the name that the question covers.
        why: The strongest match, in words.
        expects: What a column is that is asked for so.
    """

    column: ColumnSeen
    score: float
    of_name: float
    why: str
    expects: Expects


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


def asked_for(words: Sequence[Word]) -> tuple[Asked, ...]:
    """List the target's content words, and the phrases of several words that stand for something."""
    target = [word for word in words if word.role is Role.TARGET]
    phrases: list[Asked] = []
    inside: set[int] = set()
    for length in range(2, LONGEST + 1):
        for start in range(len(target) - length + 1):
            span = target[start : start + length]
            key = tuple(word.token.stem for word in span)
            if key in PHRASES or key in THING_OF:
                text = " ".join(word.token.text for word in span)
                phrases.append(Asked(key, text, max(word.weight for word in span), key == HOW_MANY))
                inside.update(range(start, start + length))
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


def _asked(word: Word, scale: float) -> Asked:
    is_measure = word.token.stem in MEASURES and word.weight == WRAPPER
    typo = TYPO if word.token.typo else 1.0
    return Asked((word.token.stem,), word.token.text, word.weight * scale * typo, is_measure)


def _joined(target: Sequence[Word]) -> list[Asked]:
    """Two words that a name may write as one: `NSW demand` for `nswdemand`."""
    return [
        Asked(
            (stem(one.token.lower + other.token.lower),), f"{one.token.text} {other.token.text}", other.weight
        )
        for one, other in pairwise(target)
        if one.weight and other.weight
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
    covered = [0.0] * len(name)
    hits: dict[str, float] = {}
    for each in (one for one in asked if one.stems):
        strength, places, how, wanted = _match(each, name, column.name)
        if not strength:
            strength = THING * _of_table(each, words.get(f"table:{column.table}", ()))
            hits[each.text] = max(hits.get(each.text, 0.0), strength)
            continue
        hits[each.text] = max(hits.get(each.text, 0.0), strength)
        for place in places:
            covered[place] = max(covered[place], strength)
        if each.weight * strength > best:
            best, why, expects, is_measure = each.weight * strength, how, wanted, each.is_measure
    if not best:
        return Fit(column, 0.0, 0.0, "", "")
    importance = [WEAK if _is_weak(word) else 1.0 for word in name]
    of_name = sum(c * i for c, i in zip(covered, importance, strict=True)) / sum(importance)
    best *= MEASURE_ALONE if is_measure and of_name < OF_NAME_OF_MEASURE else 1.0
    counted = [each for each in asked if not each.is_joined]
    total = sum(each.weight for each in counted)
    of_question = sum(each.weight * hits.get(each.text, 0.0) for each in counted) / total if total else 0.0
    score = best * (BASE + OF_NAME * of_name + OF_QUESTION * of_question)
    score += OF_VALUES * any(each.text.casefold() in column.values_in_words for each in asked)
    return Fit(column, min(score, 1.0), of_name, why, expects)


def _is_weak(word: str) -> bool:
    return word in WEAK_STEMS or word.isdigit() or len(word) == 1


WEAK_STEMS = frozenset(stem(word) for word in WEAK_IN_NAMES) | WEAK_IN_NAMES


def _match(asked: Asked, name: Sequence[str], written: str) -> tuple[float, tuple[int, ...], str, Expects]:
    """Return the strength of the best match, the words of the name it covers, why, and what it expects."""
    expects = _expected(asked.stems)
    if places := _run(asked.stems, name) or _whole(asked, name, written):
        return SAME, places, f"'{asked.text}' is in its name", expects
    best: tuple[float, tuple[int, ...], str, Expects] = (0.0, (), "", "")
    for at, strength in PHRASES.get(asked.stems, ()):
        concept = CONCEPTS[at]
        for phrase, other in _phrases_of(at):
            if (places := _run(phrase, name)) and strength * other / CLOSE > best[0]:
                how = f"'{asked.text}' means {concept.name}, and so does its name"
                best = (min(strength, other) if WIDE in {other, strength} else CLOSE, places, how,
                        concept.expects)  # fmt: skip
                if strength == WIDE and other == WIDE:
                    best = (WIDE * 0.75, places, how, concept.expects)
    line = THING_OF.get(asked.stems)
    if line is not None:
        for phrase, other_line in THING_OF.items():
            if other_line == line and (places := _run(phrase, name)) and best[0] < THING:
                best = (THING, places, f"'{asked.text}' is another word for a part of its name", "")
    if best[0] < CUT_SHORT and len(asked.stems) == 1 and not asked.is_joined:
        best = max(best, _piece(asked, name, expects), key=lambda found: found[0])
    return best


_CACHE: dict[int, list[tuple[tuple[str, ...], float]]] = {}


def _phrases_of(at: int) -> list[tuple[tuple[str, ...], float]]:
    if at not in _CACHE:
        _CACHE[at] = _phrases(CONCEPTS[at])
    return _CACHE[at]


def _expected(asked: tuple[str, ...]) -> Expects:
    found = {CONCEPTS[at].expects for at, strength in PHRASES.get(asked, ()) if strength == CLOSE}
    return found.pop() if len(found) == 1 else ""


def _piece(
    asked: Asked, name: Sequence[str], expects: Expects
) -> tuple[float, tuple[int, ...], str, Expects]:
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
    return 0.0, (), "", ""


def _run(wanted: Sequence[str], name: Sequence[str]) -> tuple[int, ...]:
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


def _of_table(asked: Asked, table: Sequence[str]) -> float:
    if _run(asked.stems, table):
        return SAME
    line = THING_OF.get(asked.stems)
    return float(line is not None and any(THING_OF.get((word,)) == line for word in table))
