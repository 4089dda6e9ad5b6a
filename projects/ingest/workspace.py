"""The folder of one ingestion's temporary files, and the DuckDB that works in it."""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.errors import BadInput

if TYPE_CHECKING:
    import duckdb

    from projects.compute.crew import Crew

SPARE_BYTES = 256 * 1024 * 1024
"""What stays free on the disk when files are unpacked or fetched."""


@dataclass(frozen=True)
class Workspace:
    """Where one ingestion works.

    Attributes:
        folder: For downloads, unpacked members and staged tables.
        engine: The DuckDB of this ingestion.
        say: Tells a person what happens.
        crew: Workers of a cluster that share what can be shared, if there are any.
    """

    folder: Path
    engine: "duckdb.DuckDBPyConnection"
    say: Callable[[str], None]
    crew: "Crew | None" = None
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def new_path(self, suffix: str) -> Path:
        """Name a file that is not there yet."""
        return self.folder / f"{next(self.numbers):06d}{suffix}"

    def rows(self, sql: str, parameters: object = None) -> list[tuple[Any, ...]]:
        """Run a query and fetch its rows."""
        found = self.engine.execute(sql, parameters) if parameters is not None else self.engine.execute(sql)
        return list(found.fetchall())

    def room(self) -> int:
        """Count the bytes that may still be written."""
        return max(shutil.disk_usage(self.folder).free - SPARE_BYTES, 0)

    def need(self, size_bytes: int, what: str) -> None:
        """Refuse what does not fit on the disk.

        Raises:
            BadInput: There is less room than that.
        """
        if size_bytes > self.room():
            raise BadInput(
                f"{what} needs {_megabytes(size_bytes)} on the disk of '{self.folder.parent}', which has"
                f" {_megabytes(self.room())} to spare; free some, or write to another disk"
            )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
