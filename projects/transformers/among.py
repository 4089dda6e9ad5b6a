"""Which columns of a frame go to a part of a ColumnTransformer, when earlier steps add and leave out some."""

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["number", "text"]


class Among:
    """Picks columns of a frame by name, of those that are still there and of the kind that they were.

    Args:
        names: The columns wanted, in order.
        kind: What they are.
    """

    def __init__(self, names: tuple[str, ...], kind: Kind) -> None:
        self.names = tuple(names)
        self.kind = kind

    def __call__(self, frame: Any) -> list[str]:
        """Return the wanted columns that the frame has."""
        kinds = kinds_of(frame)
        return [name for name in self.names if kinds.get(name) == self.kind]

    def __repr__(self) -> str:
        return f"Among({self.names!r}, {self.kind!r})"


class Beside:
    """Picks the columns of one kind that no other part picks: those that earlier steps have made.

    Args:
        known: The kind of every column that another part picks.
        kind: What is picked here.
    """

    def __init__(self, known: Mapping[str, Kind], kind: Kind) -> None:
        self.known = dict(known)
        self.kind = kind

    def __call__(self, frame: Any) -> list[str]:
        """Return the new columns of the kind, in the frame's order."""
        kinds = kinds_of(frame)
        return [name for name, kind in kinds.items() if kind == self.kind and self.known.get(name) != kind]

    def __repr__(self) -> str:
        return f"Beside({self.known!r}, {self.kind!r})"


def kinds_of(frame: Any) -> dict[str, Kind]:
    """Return the kind of each column of a frame."""
    return {
        name: "number" if dtype.kind in "fiub" else "text"
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True)
    }
