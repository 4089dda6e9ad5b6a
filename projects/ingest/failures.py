"""What the disk, the memory and DuckDB complain of, as sentences for a person."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projects.errors import BadInput

NO_SPACE = "No space left"
"""Stands in what DuckDB says of a full disk."""


@contextmanager
def said_plainly(folder: Path) -> Iterator[None]:
    """Turn what fails in the block for want of room, or in reading, into a sentence.

    Raises:
        BadInput: The disk or the memory does not suffice, or DuckDB cannot read the data.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise BadInput(
            f"the data does not fit in memory and on the disk of '{folder}'; {_first(error)}"
        ) from error
    except duckdb.Error as error:
        if NO_SPACE in str(error):
            raise _full(folder) from error
        raise BadInput(f"the data cannot be read; {_first(error)}") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _full(folder) from error
        raise


def _full(folder: Path) -> BadInput:
    return BadInput(f"the disk of '{folder}' is full; free some space, or write to another disk")


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
