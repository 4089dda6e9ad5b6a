"""Which file it is that cannot be read to its end: looked for only once something could not be read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from projects.errors import BadInput
from projects.ingest.engine import files_of
from projects.ingest.failures import NO_SPACE

if TYPE_CHECKING:
    from projects.ingest.raw import RawTable
    from projects.ingest.workspace import Workspace


@contextmanager
def naming_the_broken(parts: Sequence["RawTable"], work: "Workspace") -> Iterator[None]:
    """Name the file in a sentence that DuckDB, here or on a worker, could not read.

    Args:
        parts: What is read, each from its own files.
        work: Where.

    Raises:
        BadInput: One of them cannot be read to its end.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if NO_SPACE in str(error):
            raise
        for part in parts:
            if why := _fault(part, work):
                raise BadInput(
                    f"'{part.facts.shown}' cannot be read to its end ({why:.200}); it may be damaged: fetch"
                    " it or make it anew"
                ) from error
        raise


def _fault(part: "RawTable", work: "Workspace") -> str:
    """Read every cell of a table; say what DuckDB stumbles over, empty if it does not."""
    import duckdb

    cells = ", ".join(f"c{at}" for at in range(len(part.names)))
    try:
        work.rows(f"SELECT max(hash({cells})) FROM ({part.reading.format(files=files_of(part.paths))})")
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return ""
