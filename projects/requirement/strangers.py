"""What in a sentence speaks against a column that a word of it names.

`rate` in `interest rate` is not the `rate` of `installment_rate`, and `churn` may stand beside another:
a word beside the match that the table knows nothing of is asked about.
"""

from collections.abc import Sequence
from itertools import pairwise

from projects.requirement.cues import DETERMINERS, MEASURES, THING_STEMS, is_content
from projects.requirement.evidence import is_known, is_one_of, known_stems, other_objects
from projects.requirement.likeness import PIECE, SAME
from projects.requirement.matching import Fit
from projects.requirement.reading import Reading
from projects.requirement.roles import Role, Word
from projects.requirement.seen import ColumnSeen
from projects.requirement.trades import CHANGES, HARMLESS, NEUTRAL, SPANS
from projects.requirement.weights import OBJECT, PART
from projects.requirement.words import name_words, stems

AMOUNTS = frozenset(stems(["value", "amount", "quantity", "sum", "size", "worth", "cost", "price", "total"]))
TURNING = frozenset({"since", "until", "till"})
"""They make another span of `days`."""
IN_FULL = 0.9


def strangers(found: Fit, reading: Reading, columns: Sequence[ColumnSeen]) -> tuple[str, ...]:
    """List the words beside the match that make another thing of it, and that the table knows nothing of."""
    said = [word for word in reading.words if word.role is Role.TARGET]
    known = known_stems(found.column, columns) | found.known
    values = {stem for each in columns for value in each.examples for stem in stems(name_words(value))}
    known |= values | {stem for each in columns for stem in stems(name_words(each.name))}
    others = (
        *_amount_of_text(said, found.column),
        *other_objects(said, found.column, columns),
        *_unheard(said, found, known),
        *changed(reading, found.column),
        *_spans(said, found),
    )
    places = [at for at, word in enumerate(said) if word.token.stem in found.by]
    instead = [word for place in places for word in _alternative(said, place)]
    same = found.known | values | NEUTRAL | HARMLESS
    other = [word for word in instead if not is_one_of(word.token.stem, same)]
    since = [word for place in places for word in said[place + 1 : place + 2] if word.token.lower in TURNING]
    is_empty = found.strength < PIECE or (len(found.by) == 1 and found.by[0] in MEASURES)
    beside = _beside(said, found.by, is_empty=is_empty)
    beside = [*other, *since, *(word for word in beside if not is_known(word.token.stem, known))]
    return tuple(dict.fromkeys([*others, *(word.token.text for word in beside)]))


def changed(reading: Reading, column: ColumnSeen) -> list[str]:
    """Name the words that make of an amount its change, if the column is not called so."""
    if column.kind != "number":
        return []
    changes = CHANGES - set(stems(name_words(column.name)))
    said = [word for word in reading.words if word.role is Role.TARGET and word.weight]
    return [word.token.text for word in said if word.token.stem in changes]


def also_named(first: Fit, fits: Sequence[Fit], reading: Reading) -> list[ColumnSeen]:
    """List the columns named in full beside the first: `churn or contract`, `casual rentals`."""
    said = [word for word in reading.words if word.role is Role.TARGET]
    ends = [at for at, word in enumerate(said) if word.token.stem in first.by]
    named = []
    for each in fits:
        places = [at for at, word in enumerate(said) if word.token.stem in each.by]
        if each.of_name < IN_FULL or each.strength < SAME or each.weight < PART or set(places) & set(ends):
            continue
        between = {
            said[at].token.lower for one in ends for other in places for at in range(*sorted((one, other)))
        }
        if between & {"or", "and", "&"} or _narrows(said, places, ends, first):
            named.append(each.column)
    return named


def _narrows(said: Sequence[Word], places: Sequence[int], ends: Sequence[int], first: Fit) -> bool:
    """Whether a column's name stands right before the match and is no part of its name: `casual rentals`."""
    harmless = first.known | HARMLESS | THING_STEMS
    before = [place for place in places if place + 1 in ends]
    return first.strength < SAME and any(said[place].token.stem not in harmless for place in before)


def _amount_of_text(said: Sequence[Word], column: ColumnSeen) -> tuple[str, ...]:
    """`the value of the property` is no column of texts, unless its name is written as only names are."""
    is_written = any(word.token.text == column.name != column.name.lower() for word in said)
    if column.kind == "number" or is_written:
        return ()
    return tuple(
        word.token.text
        for word, behind in pairwise(said)
        if word.token.stem in AMOUNTS and behind.token.lower == "of"
    )


def _spans(said: Sequence[Word], found: Fit) -> list[str]:
    """Name a span that is not the one of the column's name."""
    held = {SPANS[word] for word in found.uncovered if word in SPANS}
    asked = [each for each in _beside(said, found.by, is_empty=False) if each.token.stem in SPANS]
    return [each.token.text for each in asked if held and SPANS[each.token.stem] not in held]


def _unheard(said: Sequence[Word], found: Fit, known: frozenset[str]) -> tuple[str, ...]:
    """Name the verb of a match that is only its object: `upgrade their contract` asks for no contract."""
    if found.weight > OBJECT:
        return ()
    heavier = [word for word in said if word.weight > found.weight and is_content(word.token)]
    return tuple(word.token.text for word in heavier if not is_known(word.token.stem, known))


def _beside(said: Sequence[Word], by: Sequence[str], *, is_empty: bool) -> list[Word]:
    """The content words that touch the match, before it or, of a word that says little, behind its `of`."""
    places = [at for at, word in enumerate(said) if word.token.stem in by and word.weight > 0]
    found = []
    for place in places:
        at = place - 1
        while at >= 0 and is_content(said[at].token) and _touches(said, at) and said[at].weight > 0:
            found.append(said[at])
            at -= 1
        if is_empty and place + 1 < len(said) and said[place + 1].token.lower == "of":
            found += _complement(said, place + 2)
    return [word for word in found if word.token.stem not in by and word.weight >= PART * PART]


def _touches(said: Sequence[Word], at: int) -> bool:
    return said[at + 1].token.kind == "word" or said[at + 1].token.kind == "name"


def _alternative(said: Sequence[Word], place: int) -> list[Word]:
    """The other side of an `or`: `default or subscribe`."""
    sides = [place + step * 2 for step in (-1, 1) if 0 <= place + step * 2 < len(said)]
    return [
        said[side]
        for side in sides
        if said[(place + side) // 2].token.lower == "or" and is_content(said[side].token)
    ]


def _complement(said: Sequence[Word], start: int) -> list[Word]:
    found: list[Word] = []
    for word in said[start:]:
        if is_content(word.token):
            found.append(word)
        elif found or word.token.lower not in DETERMINERS | {"all"}:
            break
    return found
