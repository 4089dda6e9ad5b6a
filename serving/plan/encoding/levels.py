"""Texts to what they become, through one dictionary, and what becomes of the texts that are not in it."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from serving.plan.encoding.spelling import key_of

T = TypeVar("T")
MOST_REMEMBERED = 20_000
"""New texts whose answers are kept beside the known ones."""


class Levels(Generic[T]):
    """What each text of a column becomes. None is never an answer.

    `find(value)` is the fast way: the answer, or None where `of(value)` must be asked.

    Args:
        known: The answers for known texts.
        missing: The answer for a gap.
        unseen: The answer for what is no text, and for an unknown text without `new`.
        new: Answers for an unknown text; the answer is remembered.
    """

    def __init__(
        self, known: Mapping[str, T], missing: T, unseen: T, new: Callable[[str], T] | None = None
    ) -> None:
        self._seeds: dict[Any, T] = {**known, None: missing}
        self._known = dict(self._seeds)
        self._missing, self._unseen, self._new = missing, unseen, new
        self._most = len(self._known) + MOST_REMEMBERED
        self.find: Callable[[Any], T | None] = self._known.get

    def of(self, value: Any) -> T:
        """Return what a cell becomes.

        Raises:
            TypeError: It cannot be looked up, as a list cannot.
        """
        answer: T | None = self._known.get(value)
        if answer is not None:
            return answer
        if not isinstance(value, str):
            return self._missing if value != value else self._unseen  # noqa: PLR0124 - only NaN differs
        if self._new is None:
            return self._unseen
        answer = self._new(value)
        if len(self._known) >= self._most:
            self._known.clear()
            self._known.update(self._seeds)
        self._known[value] = answer
        return answer


def spelled(known: Mapping[str, T], missing: T, unseen: T, keys: Mapping[str, T] | None) -> Levels[T]:
    """Make levels that, with `keys`, know other spellings of a text by what its spellings share."""
    if keys is None:
        return Levels(known, missing, unseen)
    return Levels(known, missing, unseen, lambda text: keys.get(key_of(text), unseen))
