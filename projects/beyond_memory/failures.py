"""What goes wrong with files of rows and with disks, said in a sentence."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projects.beyond_memory.memory import told
from projects.errors import BadInput

SPARE_BYTES = 256 * 1024 * 1024
"""What stays free on the disk."""
WHERE = re.compile(r"^\[[\d:]+\] \S+:\d+: ")
"""When, and in which file of its own, XGBoost gave up."""


@contextmanager
def reading_plainly(path: Path) -> Iterator[None]:
    """Say in a sentence that a file of rows cannot be read to its end.

    Raises:
        BadInput: It cannot.
    """
    import duckdb
    import pyarrow as pa

    try:
        yield
    except (duckdb.Error, pa.ArrowInvalid) as error:
        why = str(error).splitlines()[0]
        raise BadInput(
            f"the rows in '{path}' cannot be read to their end ({why:.200}); the file may be cut off or"
            " damaged: make it anew"
        ) from error


@contextmanager
def writing_plainly(folder: Path) -> Iterator[None]:
    """Say in a sentence that a disk is full.

    Raises:
        BadInput: It is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BadInput(
            f"the disk of '{folder}' is full; free some and train again: it goes on where it stopped"
        ) from error


@contextmanager
def learning_plainly(folder: Path) -> Iterator[None]:
    """Say in a sentence that a model cannot learn from the matrix on disk.

    Args:
        folder: Where the matrix and the booster's own files lie.

    Raises:
        BadInput: The disk is full, or LightGBM or XGBoost gave up.
    """
    from lightgbm.basic import LightGBMError
    from xgboost.core import XGBoostError

    try:
        with writing_plainly(folder):
            yield
    except (LightGBMError, XGBoostError) as error:
        library = "LightGBM" if isinstance(error, LightGBMError) else "XGBoost"
        why = WHERE.sub("", (str(error).splitlines() or [type(error).__name__])[0])
        raise BadInput(
            f"{library} cannot learn from the matrix in '{folder}' ({why:.200}); see whether that disk has"
            " room and can be read, and train again: it goes on where it stopped; or learn from a sample"
            " (sampling.sample_size)"
        ) from error


def check_room(folder: Path, needed: int, what: str) -> None:
    """Refuse what does not fit on the disk before it begins.

    Raises:
        BadInput: There is less room than that.
    """
    free = max(shutil.disk_usage(folder).free - SPARE_BYTES, 0)
    if needed > free:
        raise BadInput(
            f"{what} needs {told(needed)} on the disk of '{folder}', which has {told(free)} to spare; free"
            " some, name another disk with PENSTOCK_VAR_DIR, or learn from a sample (sampling.sample_size)"
        )
