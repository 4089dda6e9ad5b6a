"""Forms as data: what is asked, and what was typed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from penstock.problems import BadRequest

Kind = Literal["text", "number", "password", "choice", "radio", "check", "area", "file", "many", "hidden"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks.

    Attributes:
        name: Its name in the form.
        label: What people read.
        kind: How it is asked.
        choices: Values and their words, for a choice, radio buttons and boxes to tick.
        value: What stands there at first; several, parted by newlines, for `many`.
        hint: A sentence more.
        is_required: Whether it must be filled.
        low: The least number; empty for none.
        high: The greatest number; empty for none.
        step: Between numbers.
        fill: The browser's word for what it may fill in by itself.
    """

    name: str
    label: str
    kind: Kind = "text"
    choices: Sequence[tuple[str, str]] = ()
    value: str = ""
    hint: str = ""
    is_required: bool = False
    low: str = ""
    high: str = ""
    step: str = "any"
    fill: str = "off"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a form, and what was wrong with it.

    Attributes:
        values: Texts by field.
        error: The sentence that says why it was not taken; empty where nothing was.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    error: str = ""

    def one(self, name: str, default: str = "") -> str:
        """A field's text, without the blanks around it."""
        texts = self.values.get(name, ())
        return texts[0].strip() if texts else default

    def many(self, name: str) -> list[str]:
        """A field's texts."""
        return [each.strip() for each in self.values.get(name, ()) if each.strip()]

    def number(self, name: str, what: str, default: float) -> float:
        """A field's number.

        Raises:
            BadRequest: It is none.
        """
        text = self.one(name)
        if not text:
            return default
        try:
            value = float(text.replace("%", "").replace(" ", ""))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise BadRequest(f"{what} must be a number, not '{text}'; correct it and send again")
        return value

    def whole(self, name: str, what: str, default: int) -> int:
        """A field's whole number.

        Raises:
            BadRequest: It is none.
        """
        value = self.number(name, what, default)
        if value != int(value):
            raise BadRequest(
                f"{what} must be a whole number, not '{self.one(name)}'; correct it and send again"
            )
        return int(value)


def shown(asked: Field, typed: Typed | None) -> list[str]:
    """What stands in a field: what was typed, else what it begins with."""
    if typed is not None and typed.values:
        return list(typed.values.get(asked.name, ()))
    parts = asked.value.split("\n") if asked.kind == "many" else [asked.value]
    return [each for each in parts if each]
