"""Code as a tree that writes itself as `ruff format` would: on one line, or an item a line."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 110
INDENT = 4


@dataclass(frozen=True)
class Node:
    """An atom, or brackets around items.

    Attributes:
        text: The atom, or what stands before the opening bracket.
        brackets: Both brackets; empty for an atom.
        items: What is inside, each with what stands before it, such as `name=` or `"key": `.
    """

    text: str
    brackets: str = ""
    items: tuple[tuple[str, "Node"], ...] = ()

    @property
    def flat(self) -> str:
        """The whole on one line."""
        if not self.brackets:
            return self.text
        inside = ", ".join(before + item.flat for before, item in self.items)
        is_single = self.brackets == "()" and not self.text and len(self.items) == 1
        return f"{self.text}{self.brackets[0]}{inside}{',' if is_single else ''}{self.brackets[1]}"

    def written(self, indent: int, before: int, after: int) -> str:
        """Write it where `before` letters stand on its line behind the indent, and `after` follow it."""
        if not self.items or len(self.flat) <= WIDTH - indent - before - after:
            return self.flat
        inner = indent + INDENT
        lines = [f"{' ' * inner}{head}{item.written(inner, len(head), 1)},\n" for head, item in self.items]
        return f"{self.text}{self.brackets[0]}\n{''.join(lines)}{' ' * indent}{self.brackets[1]}"


def listed(items: Sequence[Node]) -> Node:
    """Write a list."""
    return Node("", "[]", tuple(("", item) for item in items))


def grouped(items: Sequence[Node]) -> Node:
    """Write a tuple."""
    return Node("", "()", tuple(("", item) for item in items))


def text_of(text: str) -> Node:
    r"""Write a text in double quotes, unless it has more of them than of single ones.

    >>> text_of("it's").text, text_of('say "a"').text
    ('"it\'s"', '\'say "a"\'')
    """
    if text.count('"') > text.count("'"):
        return Node("'" + _escaped(text).replace("'", "\\'") + "'")
    return Node('"' + _escaped(text).replace('"', '\\"') + '"')


def _escaped(text: str) -> str:
    special = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "".join(
        special.get(letter) or (letter if letter.isprintable() else repr(letter)[1:-1]) for letter in text
    )


def assignment(name: str, value: Node, indent: int = 0) -> str:
    """Write `name = value`."""
    return f"{' ' * indent}{name} = {value.written(indent, len(name) + 3, 0)}\n"


def returned(value: Node) -> str:
    """Write the body of a function that returns a value."""
    return f"    return {value.written(4, 7, 0)}\n"
