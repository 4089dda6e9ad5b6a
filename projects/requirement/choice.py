"""The column that a sentence asks for: it is named, fits best, or is the only one that can be meant.

Two columns that fit equally well, and none that fits, are asked about: the error lists the choices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.requirement.cues import SORTING
from projects.requirement.lexicon import THINGS, USUAL_TARGETS
from projects.requirement.matching import Fit, asked_for, fit
from projects.requirement.reading import Reading
from projects.requirement.roles import Role
from projects.requirement.seen import ColumnSeen, listed
from projects.requirement.wants import Wants
from projects.requirement.weights import OBJECT
from projects.requirement.words import name_words, stems

ENOUGH = 0.5
"""A score below this is no answer."""
APART = 0.1
"""Two scores nearer than this are one choice for a person."""
OF_NAME_TO_BEAT_USUAL, SAID_IN_FULL = 0.6, 0.9
"""A column that shares less of its name with the question is no surer than one that is called `target`."""


@dataclass(frozen=True)
class Choice:
    """The column to predict, and why it is that one."""

    column: ColumnSeen
    reason: str


def choose(
    reading: Reading, columns: Sequence[ColumnSeen], left_out: Sequence[str], objective: str
) -> Choice:
    """Choose the column that a sentence asks for.

    Args:
        reading: The sentence taken apart.
        columns: All columns.
        left_out: Those that must not be used.
        objective: The sentence, for the error.

    Raises:
        BadInput: None fits, or several fit equally well.
    """
    able = [column for column in columns if column.can_be_target and column.name not in left_out]
    if exact := _exact(reading, columns, left_out):
        return Choice(_only(exact, objective), f"the target is {exact[0].name}: the sentence names it")
    fits = _fits(reading, [column for column in columns if column.name not in left_out])
    expected = next((each.expects for each in fits if each.expects), "")
    usual = [each for each in able if _is_usual(each, columns) and reading.wants.fits(each, expected)]
    fitting = [each for each in fits if _is_fit(each, reading.wants) and each.score >= ENOUGH]
    if fits and _is_meant(fits[0], fitting, usual, reading.wants):
        raise _unfit(fits[0].column, reading.wants)
    if fitting:
        return _best(fitting, usual, objective)
    if not reading.wants.is_question:
        raise _none(able or columns, objective)
    return _without_name(reading, columns, able, usual, objective)


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


def _looks_like_a_name(text: str) -> bool:
    return "_" in text or "." in text or any(mark.isdigit() for mark in text) or text[1:] != text[1:].lower()


def _only(found: Sequence[ColumnSeen], objective: str) -> ColumnSeen:
    if len(found) > 1:
        raise _several(found, objective, "the sentence names them all")
    return found[0]


def _best(fits: Sequence[Fit], usual: Sequence[ColumnSeen], objective: str) -> Choice:
    first = fits[0]
    near = [each.column for each in fits if each.score > first.score - APART]
    if len(near) > 1:
        raise _several(near, objective, "they fit equally well")
    others = [column for column in usual if column.name != first.column.name]
    if others and first.of_name < OF_NAME_TO_BEAT_USUAL:
        why = "the first shares a word with it, the other is called as answers are"
        raise _several([first.column, *others], objective, why)
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
    objective: str,
) -> Choice:
    """No column is named like the question: look at values, at usual names, and at what is left."""
    by_value = _by_values(reading, able)
    if len(by_value) == 1:
        column, values = by_value[0]
        return Choice(column, f"the target is {column.name}: its values are {' and '.join(values)}")
    if len(usual) == 1:
        said = "no column is named like the question, and that is a usual name of the answer"
        return Choice(usual[0], f"the target is {usual[0].name}: {said}")
    left = [column for column in able if reading.wants.fits(column, "")]
    if len(left) == 1 and (reading.wants.task or len(able) == 1) and _is_about(reading, columns):
        said = f"it is the only column that can hold {reading.wants.what}"
        return Choice(left[0], f"the target is {left[0].name}: {said}")
    raise _none(able or columns, objective)


def _is_about(reading: Reading, columns: Sequence[ColumnSeen]) -> bool:
    """Whether the question names the table, or a thing that tables of its kind are about."""
    named = {word for column in columns for word in stems(name_words(column.table))}
    lines = [stems(line) for line in THINGS]
    known = named | {word for line in lines if named & set(line) for word in line}
    return any(word.token.stem in known or word.token.stem in SORTING for word in reading.words)


def _by_values(reading: Reading, able: Sequence[ColumnSeen]) -> list[tuple[ColumnSeen, list[str]]]:
    """Columns of which the question names at least two values."""
    said = {word.token.lower for word in reading.words if word.role is Role.TARGET}
    found = []
    for column in able:
        values = [example for example in column.examples if example.casefold() in said]
        if column.can_be_classes and len(values) >= 2:
            found.append((column, values))
    return found


def _several(found: Sequence[ColumnSeen], objective: str, why: str) -> BadInput:
    are_in_tables = len({column.table for column in found}) > 1
    names = [f"{column.table}." * are_in_tables + column.described() for column in found[:8]]
    example = f"{found[0].table}." * are_in_tables + found[0].name
    return BadInput(
        f"'{objective:.120}' may ask for {' or '.join(names)}: {why};"
        f" say which with -P target={example} (or the target of the requirement)",
        code="ambiguous_target",
    )


def _none(columns: Sequence[ColumnSeen], objective: str) -> BadInput:
    return BadInput(
        f"'{objective:.120}' names no column that can be predicted; there are {listed(columns)};"
        " say which with -P target=COLUMN (or the target of the requirement)",
        code="no_target",
    )


def _unfit(column: ColumnSeen, wants: Wants) -> BadInput:
    why = f"the sentence asks for {wants.what} ({wants.why})" if wants.task else "the sentence asks for it"
    if column.is_identifier or column.kind == "date" or column.distinct < 2:
        kind = (
            "only names its row"
            if column.is_identifier
            else f"holds {column.distinct} distinct {column.kind}s"
        )
        sentence = f"'{column.name}' cannot be predicted: it {kind}; name another with -P target=COLUMN"
    else:
        sentence = (
            f"{why}, and {column.described()} holds no such thing;"
            f" ask for what it holds, make such a column, or say -P target={column.name}"
        )
    return BadInput(sentence, code="target_does_not_fit")
