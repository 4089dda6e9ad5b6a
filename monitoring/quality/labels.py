"""Outcomes and predictions as positions among a model's classes, whatever type each of them came in.

A text `1` is the number 1, and 1.0 is 1. Where no class is spelled like a value, letter case and blanks are
passed over, and of two classes one of which means yes and the other no, `true`, `yes` and 1 mean the same.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

UNKNOWN = -1
"""The value is none of the classes."""
MISSING = -2
"""There is no value."""
YES = frozenset({"1", "true", "yes", "y", "t", "on"})
NO = frozenset({"0", "false", "no", "n", "f", "off"})


def codes(values: pa.ChunkedArray, classes: Sequence[Any]) -> Any:
    """Positions among the classes, shape (rows,): `UNKNOWN` and `MISSING` where there is none.

    Args:
        values: Of any type that the log holds.
        classes: The labels, in the order of the probabilities.
    """
    words = values.combine_chunks().dictionary_encode()
    place = finder(classes)
    found = np.array([place(word) for word in words.dictionary.to_pylist()] or [UNKNOWN], dtype=np.int64)
    at = pc.fill_null(words.indices, 0).to_numpy(zero_copy_only=False)
    return np.where(values.is_null().to_numpy(), MISSING, found[at])


def finder(classes: Sequence[Any]) -> Callable[[Any], int]:
    """A function from a value to its position among the classes, `UNKNOWN` for a stranger's."""
    steps = [(key, _places(classes, key)) for key in (spelling, folded)]
    if len(classes) == 2 and {meaning(each) for each in classes} == {True, False}:
        steps.append((_means, _places(classes, _means)))

    def place(value: Any) -> int:
        if value is None or _is_nan(value):
            return MISSING
        for key, places in steps:
            found = places.get(key(value))
            if found is not None:
                return found
        return UNKNOWN

    return place


def classes_of(*columns: pa.ChunkedArray) -> tuple[Any, ...]:
    """The distinct values of columns, in the order in which estimators put them: numbers, else texts."""
    found: dict[str, Any] = {}
    for column in columns:
        for value in pc.unique(column.drop_null()).to_pylist():
            if not _is_nan(value):
                found.setdefault(spelling(value), value)
    if all(isinstance(value, int | float) for value in found.values()):
        return tuple(sorted(found.values()))
    return tuple(sorted(found))


def classes_met(said: pa.ChunkedArray, truth: pa.ChunkedArray) -> tuple[Any, ...]:
    """The classes of predictions and outcomes; a yes or no that each side spells its own way is one class.

    Args:
        said: The predictions, whose spelling counts.
        truth: The outcomes.
    """
    found, own = classes_of(said, truth), classes_of(said)
    asked = {meaning(each) for each in found}
    if None in asked or len(found) == len(asked) or len({meaning(each) for each in own}) != len(own):
        return found
    spelled = {False: 0, True: 1} | {meaning(each): each for each in (*found, *own)}
    return spelled[False], spelled[True]


def spelling(value: Any) -> str:
    """A value as text; numbers that are equal are spelled alike, in whatever type they came."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(float(value), str(value))
    text = str(value)
    try:
        return _number(float(text), text) if text[:1] in "+-.0123456789" and text else text
    except ValueError:
        return text


def folded(value: Any) -> str:
    """A value as text without letter case and blanks around it."""
    return spelling(spelling(value).strip().casefold())


def meaning(value: Any) -> bool | None:
    """Whether a value means yes or no; None if it means neither."""
    word = folded(value)
    return True if word in YES else False if word in NO else None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))


def _means(value: Any) -> str:
    meant = meaning(value)
    return "" if meant is None else str(meant)


def _number(number: float, text: str) -> str:
    if not np.isfinite(number) or abs(number) >= 2**53:
        return text
    return str(int(number)) if number == int(number) else repr(number)


def _places(classes: Sequence[Any], key: Callable[[Any], str]) -> dict[str, int]:
    """Positions by key; a key that two classes share tells neither."""
    keys = [key(each) for each in classes]
    return {word: place for place, word in enumerate(keys) if word and keys.count(word) == 1}
