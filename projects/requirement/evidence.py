"""What in a sentence speaks for a column that no word of it names.

A column called `target` may hold the answer to anything. It is taken only if every word that says what is
asked for belongs to the table: to its name, its trade, its values.
"""

from collections.abc import Iterable, Sequence

from projects.requirement.cues import THING_STEMS, is_content
from projects.requirement.lexicon import CONCEPTS, THINGS, USUAL_TARGETS
from projects.requirement.likeness import CLOSE, PHRASES
from projects.requirement.reading import Reading
from projects.requirement.roles import Role, Word
from projects.requirement.seen import ColumnSeen
from projects.requirement.trades import DIRECTIONS, HARMLESS, NEUTRAL, OBJECTS, PEOPLE, SUBJECTS, TRADES
from projects.requirement.weights import OBJECT
from projects.requirement.words import name_words, stems

TEXTS = frozenset(
    stem for line in THINGS if {"document", "email", "ticket"} & set(line) for stem in stems(line)
)
LINES = tuple(frozenset(stem for thing in line for stem in stems(thing.split())) for line in THINGS)


def support(
    reading: Reading, column: ColumnSeen, columns: Sequence[ColumnSeen], *, by_trade: bool = True
) -> str:
    """Name the word by which a sentence is about the table of a column; empty if a word speaks against it.

    Args:
        reading: The sentence taken apart.
        column: The column whose name says nothing.
        columns: All columns.
        by_trade: Whether words of the table's trade count, beside its name and its things.
    """
    target = [word for word in reading.words if word.role is Role.TARGET]
    said = [word for word in target if is_content(word.token)]
    known = known_stems(column, columns, by_trade=by_trade)
    for word in said:
        heavy = word.weight >= OBJECT and word.token.stem not in NEUTRAL | HARMLESS
        if heavy and not _belongs(word.token.stem, known) and not _is_direction(target, word, columns):
            return ""
    if other_objects(said, column, columns):
        return ""
    belonging = [word.token.text for word in said if _belongs(word.token.stem, known)]
    turning = [word.token.text for word in said if _is_direction(target, word, columns)]
    return next(iter([*belonging, *turning]), "")


def _of_identifiers(table: str, columns: Sequence[ColumnSeen]) -> frozenset[str]:
    """Stems of the names of a table's keys: rows of `customerID` are customers."""
    keys = [each for each in columns if each.table == table and each.is_identifier]
    return frozenset(stem for each in keys for stem in stems(name_words(each.name)))


def known_stems(
    column: ColumnSeen, columns: Sequence[ColumnSeen], *, by_trade: bool = True
) -> frozenset[str]:
    """Stems that the table is about: its name, things of that kind, and its trade."""
    named = frozenset(stems(name_words(column.table)))
    things = {stem for line in LINES if line & named for stem in line}
    held = named | {
        stem for each in columns if each.table == column.table for stem in stems(name_words(each.name))
    }
    things |= TEXTS if TEXTS & held else frozenset()
    lines = (*SUBJECTS, *TRADES) if by_trade else SUBJECTS
    trade = {stem for asked, table in lines if table & held for stem in asked}
    return frozenset(named | things | trade)


def _belongs(stem: str, known: Iterable[str]) -> bool:
    return any(stem == word or (len(word) >= 4 and word.endswith(stem) and len(stem) >= 4) for word in known)


def _is_direction(said: Sequence[Word], word: Word, columns: Sequence[ColumnSeen]) -> bool:
    """Whether it is asked if a column of the table goes up or down."""
    if not any(each.token.stem in DIRECTIONS or each.token.lower in {"up", "down"} for each in said):
        return False
    stem = word.token.stem
    parts = (part for column in columns for part in stems(name_words(column.name)))
    return len(stem) >= 4 and any(part.endswith(stem) for part in parts)


def is_known(stem: str, known: frozenset[str]) -> bool:
    """Whether a word is known to the table, or makes no other thing of what it stands beside."""
    if stem in known or stem in HARMLESS or stem in NEUTRAL or stem in THING_STEMS:
        return True
    if is_one_of(stem, known):
        return True
    return any(len(word) >= 3 and (word.startswith(stem) or stem.startswith(word)) for word in known)


def is_one_of(stem: str, known: frozenset[str]) -> bool:
    """Whether a word, or one that stands for the same, is among the known ones."""
    mates = (_mates(at) for at, strength in PHRASES.get((stem,), ()) if strength == CLOSE)
    return stem in known or any(known.intersection(each) for each in mates)


def _mates(at: int) -> tuple[str, ...]:
    """Stems of the single words that stand for the same thing."""
    return stems(phrase for phrase in CONCEPTS[at].close if " " not in phrase)


def other_objects(said: Sequence[Word], chosen: ColumnSeen, columns: Sequence[ColumnSeen]) -> tuple[str, ...]:
    """Name the things asked about, if they are none of the table's and it is known to be of others."""
    table = frozenset(stems(name_words(chosen.table)))
    held = table | {
        stem for each in columns if each.table == chosen.table for stem in stems(name_words(each.name))
    }
    people = [line for line in PEOPLE if line & (table | _of_identifiers(chosen.table, columns))]
    named = [(word, line) for word in said for line in PEOPLE if word.token.stem in line]
    if people and named and not any(line in people for _, line in named):
        return tuple(word.token.text for word, _ in named)
    says_nothing = " ".join(name_words(chosen.name)) in USUAL_TARGETS
    if not says_nothing and not any(line & table for line in OBJECTS):
        return ()
    asked = [(word, line) for word in said for line in OBJECTS if word.token.stem in line]
    if not asked or any(line & held for _, line in asked):
        return ()
    return tuple(word.token.text for word, _ in asked)
