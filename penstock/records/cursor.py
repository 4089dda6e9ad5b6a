"""Where a page of rows, newest first, ended, and how an address says so."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page.

    Attributes:
        created_s: When it was made, in seconds since 1970.
        row_id: Its id, which orders rows of one moment.
    """

    created_s: float
    row_id: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What `told` gave; None for anything else.

        >>> Cursor.read("1.5~a")
        Cursor(created_s=1.5, row_id='a')
        """
        created, _, row_id = text.partition("~")
        try:
            return cls(float(created), row_id) if row_id else None
        except ValueError:
            return None

    def told(self) -> str:
        """The cursor as a text for an address."""
        return f"{self.created_s!r}~{self.row_id}"
