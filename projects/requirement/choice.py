"""The column that a sentence asks for: it is named, fits best, or is the only one that can be meant.

Two columns that fit equally well, and none that fits, are asked about: the error lists the choices.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.requirement.cues import SORTING, is_content
from projects.requirement.evidence import support
from projects.requirement.lexicon import USUAL_TARGETS
from projects.requirement.likeness import SAME
from projects.requirement.matching import Fit, asked_for, fit
from projects.requirement.reading import Reading
from projects.requirement.refusals import foreign, none, several, strange, unfit, unlearned
from projects.requirement.roles import Role
from projects.requirement.seen import ColumnSeen
from projects.requirement.strangers import also_named, changed, strangers
from projects.requirement.trades import NEUTRAL
from projects.requirement.wants import Wants
from projects.requirement.weights import OBJECT
from projects.requirement.words import name_words, stems

ENOUGH = 0.5
"""A score below this is no answer."""
HINT, MOST_HINTS = 0.2, 3
"""A score from which a column is named to a person who is asked, and how many are."""
APART = 0.1
"""Two scores nearer than this are one choice for a person."""
OF_NAME_TO_BEAT_USUAL, SAID_IN_FULL = 0.6, 0.9
"""A column that shares less of its name with the question is no surer than one that is called `target`."""

SHORTEST_OF_VALUE = 4
"""A shorter word of a value is named by chance."""


@dataclass(frozen=True)
class Choice:
    """The column to predict, and why it is that one."""

    column: ColumnSeen
    reason: str


def choose(reading: Reading, columns: Sequence[ColumnSeen], left_out: Sequence[str]) -> Choice:
    """Choose the column that a sentence asks for.

    Args:
        reading: The sentence taken apart.
        columns: All columns.
        left_out: Those that must not be used.

    Raises:
        BadInput: None fits, or several fit equally well.
    """
    if reading.foreign:
        raise foreign(reading.foreign, columns, reading.text)
    if reading.unlearned:
        raise unlearned(reading.unlearned, columns, reading.text)
    able = [column for column in columns if column.can_be_target and column.name not in left_out]
    if exact := _exact(reading, columns, left_out):
        return _named_exactly(exact, reading)
    fits = _fits(reading, [column for column in columns if _may_be_meant(column, reading, left_out)])
    expected = next((each.expects for each in fits if each.expects), "")
    usual = [each for each in able if _is_usual(each, columns) and reading.wants.fits(each, expected)]
    fitting = _counted([each for each in fits if _is_fit(each, reading.wants) and each.score >= ENOUGH])
    if fits and _is_meant(fits[0], fitting, usual, reading.wants):
        raise unfit(fits[0].column, reading.wants)
    if fitting:
        return _best(fitting, fits, usual, reading, columns)
    if named_alone := _named_alone(reading, able):
        return _named_exactly([named_alone], reading)
    if not reading.wants.is_question:
        raise none(able or columns, reading.text)
    hinted = [each.column for each in fits if each.score >= HINT and _is_fit(each, reading.wants)]
    return _without_name(reading, columns, able, usual, hinted[:MOST_HINTS])


def _may_be_meant(column: ColumnSeen, reading: Reading, left_out: Sequence[str]) -> bool:
    """Whether a column may be asked for; of `sort the documents` the texts are what is sorted."""
    is_sorted = any(word.token.stem in SORTING for word in reading.words) and column.kind == "text"
    return column.name not in left_out and not (is_sorted and column.is_identifier)


def _counted(fitting: Sequence[Fit]) -> list[Fit]:
    """Of `how many casual users` take the column `casual`, not every column that counts something."""
    if any(each.strength == SAME and each.of_name >= SAID_IN_FULL and not each.is_count for each in fitting):
        return [each for each in fitting if not each.is_count]
    return list(fitting)


def _is_meant(first: Fit, fitting: Sequence[Fit], usual: Sequence[ColumnSeen], wants: Wants) -> bool:
    """Whether the question is about the best fit, which holds no such answer: nothing else may be taken."""
    if first in fitting or first.score < ENOUGH:
        return False
    if fitting and fitting[0].score > first.score - APART:
        return False
    in_full = bool(usual) or first.column.is_identifier
    is_named = first.of_name > (SAID_IN_FULL if in_full else OF_NAME_TO_BEAT_USUAL)
    return is_named or wants.is_comparison


def _is_fit(found: Fit, wants: Wants) -> bool:
    """Whether a column holds what is asked for; a name that is said in full need not be what is usual."""
    expects = found.expects if found.of_name < OF_NAME_TO_BEAT_USUAL else ""
    return found.column.can_be_target and wants.fits(found.column, expects)


def named(target: str, columns: Sequence[ColumnSeen]) -> Choice:
    """Return the column that a person names, as `column` or `table.column`.

    Raises:
        BadInput: There is none.
    """
    table, _, name = target.rpartition(".")
    found = [column for column in columns if column.name == target]
    found = found or [column for column in columns if column.name == name and column.table == table]
    if not found:
        hint = did_you_mean(target, [column.name for column in columns])
        raise BadInput(f"there is no column '{target}' to predict; {hint}", code="unknown_column")
    return Choice(found[0], f"the target is {found[0].name}, as named")


def _fits(reading: Reading, columns: Sequence[ColumnSeen]) -> list[Fit]:
    """Score the columns, the best first."""
    asked, words = asked_for(reading.words), _stems_of(columns)
    fits = [fit(column, asked, words) for column in columns]
    return sorted((each for each in fits if each.score > 0), key=lambda each: -each.score)


def _stems_of(columns: Sequence[ColumnSeen]) -> Mapping[str, tuple[str, ...]]:
    names = {column.name: stems(name_words(column.name)) for column in columns}
    return names | {f"table:{column.table}": stems(name_words(column.table)) for column in columns}


def _exact(reading: Reading, columns: Sequence[ColumnSeen], left_out: Sequence[str]) -> list[ColumnSeen]:
    """Columns that the target's part names to the letter, in quotes or with marks that only names have."""
    said = {
        word.token.text.casefold()
        for word in reading.words
        if word.role is Role.TARGET and word.weight >= OBJECT
        if word.token.kind == "name" or _looks_like_a_name(word.token.text)
    }
    return [column for column in columns if column.name.casefold() in said and column.name not in left_out]


def _named_alone(reading: Reading, able: Sequence[ColumnSeen]) -> ColumnSeen | None:
    """The one column that is named to the letter, wherever it stands."""
    said = {word.token.text for word in reading.words if word.role in {Role.TARGET, Role.ASIDE}}
    found = [column for column in able if column.name in said and _looks_like_a_name(column.name)]
    heads = [word.token for word in reading.words if word.weight >= OBJECT and is_content(word.token)]
    is_of_another = any(head.stem not in NEUTRAL and head.text != found[0].name for head in heads if found)
    return found[0] if len(found) == 1 and not is_of_another else None


def _looks_like_a_name(text: str) -> bool:
    return "_" in text or "." in text or any(mark.isdigit() for mark in text) or text[1:] != text[1:].lower()


def _only(found: Sequence[ColumnSeen], objective: str) -> ColumnSeen:
    if len(found) > 1:
        raise several(found, objective, "the sentence names them all")
    return found[0]


def _whole_name(near: Sequence[Fit]) -> Fit | None:
    """Of `duration` and `employment_duration` the longer one, if the whole of it is said."""
    longest = max(near, key=lambda each: len(name_words(each.column.name)))
    words = set(name_words(longest.column.name))
    others = [each for each in near if each is not longest]
    is_whole = longest.of_name >= SAID_IN_FULL and longest.strength == SAME
    parts = all(set(name_words(each.column.name)) < words for each in others)
    return longest if is_whole and parts else None


def _named_exactly(found: Sequence[ColumnSeen], reading: Reading) -> Choice:
    """A column that is named to the letter is meant, also if it holds no such answer."""
    column = _only(found, reading.text)
    if reading.wants.is_sure and not reading.wants.fits(column, ""):
        raise unfit(column, reading.wants)
    if changes := changed(reading, column):
        raise strange(column, changes, reading.text)
    return Choice(column, f"the target is {column.name}: the sentence names it")


def _best(
    fitting: Sequence[Fit],
    fits: Sequence[Fit],
    usual: Sequence[ColumnSeen],
    reading: Reading,
    columns: Sequence[ColumnSeen],
) -> Choice:
    near = [each for each in fitting if each.score > fitting[0].score - APART]
    first = _whole_name(near) if len(near) > 1 else fitting[0]
    if first is None:
        raise several([each.column for each in near], reading.text, "they fit equally well")
    others = [column for column in usual if column.name != first.column.name]
    if others and first.of_name < OF_NAME_TO_BEAT_USUAL:
        why = "the first shares a word with it, the other is called as answers are"
        raise several([first.column, *others], reading.text, why)
    if also := also_named(first, [each for each in fits if each is not first], reading):
        raise several([first.column, *also], reading.text, "the sentence names them all")
    if unknown := strangers(first, reading, columns):
        raise strange(first.column, unknown, reading.text)
    return Choice(first.column, f"the target is {first.column.name}: {first.why}")


def _is_usual(column: ColumnSeen, columns: Sequence[ColumnSeen]) -> bool:
    """Whether a column is called as answers are; `y` beside `z` is a coordinate."""
    name = " ".join(name_words(column.name))
    return name in USUAL_TARGETS and not (
        name == "y" and any(other.name.casefold() == "z" for other in columns)
    )


def _without_name(
    reading: Reading,
    columns: Sequence[ColumnSeen],
    able: Sequence[ColumnSeen],
    usual: Sequence[ColumnSeen],
    hinted: Sequence[ColumnSeen],
) -> Choice:
    """No column is named like the question: look at values, at usual names, and at what is left."""
    by_value = _by_values(reading, able)
    if len(by_value) == 1:
        column, values = by_value[0]
        return Choice(column, f"the target is {column.name}: its values are {' and '.join(values)}")
    if len(usual) == 1 and (word := support(reading, usual[0], columns)):
        said = f"it is called as answers are, and its table is about '{word}'"
        return Choice(usual[0], f"the target is {usual[0].name}: {said}")
    left = [column for column in able if reading.wants.fits(column, "")]
    is_left = len(left) == 1 and (reading.wants.task or len(able) == 1)
    if is_left and (word := support(reading, left[0], columns, by_trade=False)):
        said = f"it is the only column that can hold {reading.wants.what}, and its table is about '{word}'"
        return Choice(left[0], f"the target is {left[0].name}: {said}")
    raise none(able or columns, reading.text, hinted or usual or (left if is_left else []))


def _by_values(reading: Reading, able: Sequence[ColumnSeen]) -> list[tuple[ColumnSeen, list[str]]]:
    """Columns of which the question names at least two values."""
    target = [word.token.lower for word in reading.words if word.role is Role.TARGET]
    said = {*target, *(f"{one}{other}" for one, other in pairwise(target))}
    found = []
    for column in able:
        values = [example for example in column.examples if _is_said(example, column.examples, said)]
        if column.can_be_classes and len(values) >= 2:
            found.append((column, values))
    return found


def _is_said(example: str, examples: Sequence[str], said: Collection[str]) -> bool:
    """Whether a value is named, or a word that no other value has: `full time` for `Fulltime-Regular`."""
    if example.casefold() in said:
        return True
    others = {word for other in examples if other != example for word in name_words(other)}
    return any(len(word) >= SHORTEST_OF_VALUE and word in said for word in set(name_words(example)) - others)
