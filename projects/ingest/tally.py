"""How many cells of a column are what."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GAP, FITS, MARK, ODD, CODE, OTHER, BOTH = range(7)
"""What a cell is: missing; of the reading; a mark of a gap; something else; digits that are a code (leading
zeros, too long for a number); of the reading's second form; of both forms. The second form of plain numbers
has decimals, of styled ones a decimal comma, of ISO dates a time of day, of booleans false, of other dates
day and month changed about (there, a CODE means the same both ways)."""


@dataclass(frozen=True)
class Counts:
    """How many cells of a column are what; see the codes above.

    Attributes:
        rows: All cells.
        cells: How many of each code.
        marks: The marks found, and how often.
        odd: Some of the cells that are something else.
    """

    rows: int
    cells: tuple[int, ...]
    marks: Mapping[str, int] = field(default_factory=dict)
    odd: tuple[str, ...] = ()

    @property
    def filled(self) -> int:
        """Cells that hold something."""
        return self.rows - self.cells[GAP] - self.cells[MARK]
