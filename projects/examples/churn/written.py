"""A table is written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

import pandas as pd

from projects.errors import BadInput


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, in one rename.

    Raises:
        BadInput: The folder cannot be written to.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(scratch, index=False)
        scratch.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}; name another place") from error
    finally:
        with suppress(OSError):
            scratch.unlink()
