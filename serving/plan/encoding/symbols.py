"""What a column of cells has become on its way through fitted steps, before anything is computed.

Raw -> Number (bounded, filled, scaled) and Flag; Raw -> Text (spelled, grouped, filled) -> OneHot, Known or
Projected; several Raw -> Articled.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from serving.plan.encoding.spelling import key_of

RARE = "(rare)"
Vector = tuple[float, ...]
Scaling = Literal["none", "shift", "stretch"]


@dataclass(frozen=True)
class Raw:
    """A cell as it comes; `source` is its place in the row."""

    source: int


@dataclass(frozen=True)
class Number:
    """A number: pulled to bounds, then filled (None: not yet), then scaled by `a` and `b`."""

    source: int
    low: float = -math.inf
    high: float = math.inf
    fill: float | None = None
    scaling: Scaling = "none"
    a: float = 0.0
    b: float = 1.0

    @property
    def is_clipped(self) -> bool:
        """Whether there are bounds."""
        return math.isfinite(self.low) or math.isfinite(self.high)


@dataclass(frozen=True)
class Flag:
    """Whether a number was missing: one value if it was, one if not."""

    source: int
    present: float = 0.0
    missing: float = 1.0


@dataclass(frozen=True)
class Text:
    """A text: written in its chosen spelling, grouped if it is rare, then filled (None: not yet)."""

    source: int
    fill: str | None = None
    spellings: Mapping[str, str] | None = None
    kept: frozenset[str] | None = None

    def grouped(self, text: str) -> str:
        """Return what a text in its chosen spelling becomes."""
        return text if self.kept is None or text in self.kept else RARE

    def known(
        self, answer: Callable[[str], Any], domain: Iterable[str], gap: Any
    ) -> tuple[dict[str, Any], Any, Any, dict[str, Any] | None]:
        """Return what raw texts become, from what an encoder answers for the texts that it gets.

        Args:
            answer: The encoder's answer for any text.
            domain: The texts that the encoder knows.
            gap: The encoder's answer for a gap that nothing filled.

        Returns:
            The answers for raw texts, for a gap, for an unseen text, and by key for other spellings.
        """
        spell = self.spellings
        answers = {}
        for text in sorted(domain):
            spelling = text if spell is None else spell.get(key_of(text), text)
            answers[text] = answer(self.grouped(spelling))
        keys = None
        if spell is not None:
            keys = {key: answer(self.grouped(text)) for key, text in sorted(spell.items())}
        missing = gap if self.fill is None else answer(self.fill)
        return answers, missing, answer(self.grouped(UNHEARD)), keys


UNHEARD = "\0 a text that no column holds"


@dataclass(frozen=True)
class OneHot:
    """A matrix column a level; a position of None sets none of them."""

    source: int
    width: int
    positions: Mapping[str, int | None]
    missing: int | None
    unseen: int | None
    keys: Mapping[str, int | None] | None


@dataclass(frozen=True)
class Known:
    """Numbers by the level."""

    source: int
    width: int
    vectors: Mapping[str, Vector]
    missing: Vector
    unseen: Vector
    keys: Mapping[str, Vector] | None

    def through(self, function: Callable[[Vector], Vector]) -> "Known":
        """Return the same with a function on every vector."""
        keys = None if self.keys is None else {key: function(vector) for key, vector in self.keys.items()}
        vectors = {text: function(vector) for text, vector in self.vectors.items()}
        missing, unseen = function(self.missing), function(self.unseen)
        return replace(self, vectors=vectors, missing=missing, unseen=unseen, keys=keys)


@dataclass(frozen=True)
class Projected:
    """TF-IDF of letters or words, projected."""

    source: int
    width: int
    analyzer: Literal["letters", "words"]
    sizes: tuple[int, int]
    places: Mapping[str, int]
    idf: Any
    matrix: Any
    scaling: Scaling = "none"
    a: Vector = ()
    b: Vector = ()


@dataclass(frozen=True)
class WordView:
    """Linear views that weigh the same words or letters, side by side."""

    analyzer: Literal["letters", "words"]
    sizes: tuple[int, int]
    groups: Sequence[str]
    idf: Any
    matrix: Any
    offset: Any


@dataclass(frozen=True)
class Measured:
    """A measure of a text, by its kind and its JSON."""

    kind: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Looked:
    """Rows of numbers by source; one more row than names, for those that are not known."""

    names: Sequence[str]
    table: Any


@dataclass(frozen=True)
class Articled:
    """Numbers of a text and its source.

    Attributes:
        roles: The place in the row of each role.
        width: How many numbers there are.
        views: Read the text.
        measures: Read the text.
        looked: Reads the source.
        order: Of the numbers of views, measures and source in turn, which stands where.
    """

    roles: Mapping[str, int]
    width: int
    views: tuple[WordView, ...]
    measures: tuple[Measured, ...]
    looked: Looked | None
    order: tuple[int, ...]
    scaling: Scaling = "none"
    a: Vector = ()
    b: Vector = ()

    @property
    def source(self) -> int:
        """The place in the row of what is read first."""
        return next(iter(self.roles.values()))


Symbol = Raw | Number | Flag | Text | OneHot | Known | Projected | Articled


@dataclass
class Sources:
    """The places of cells in a row, and what is added to a row.

    Attributes:
        places: The place of each column by its name.
        size: How many cells a row has so far.
        derived: What is added, as JSON.
    """

    places: dict[str, int]
    size: int
    derived: list[dict[str, Any]] = field(default_factory=list)

    def add(self, entry: dict[str, Any], cells: int) -> int:
        """Add cells to the row; return the place of the first."""
        first = self.size
        self.derived.append(entry)
        self.size += cells
        return first


def width_of(symbol: Symbol) -> int:
    """Return how many matrix columns a symbol takes."""
    return getattr(symbol, "width", 1)
