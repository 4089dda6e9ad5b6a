"""Where a table comes from: a file by its suffix, or a table that scikit-learn brings."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.delimited import UNREADABLE, read_delimited, refusal

SKLEARN_PREFIX = "sklearn:"
SKLEARN_TABLES = ("breast_cancer", "iris", "wine", "digits", "diabetes")
SKLEARN_TARGET = "target"
PACKED = (".gz", ".bz2", ".xz")


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Attributes:
        frame: The rows.
        place: What the person called it: a path or `sklearn:NAME`.
        name: A short name made of it, valid as a registered model's.
        sha256: The digest of the file's bytes, or of the rows where there is no file.
        target: The column to predict where the source knows it.
    """

    frame: pd.DataFrame
    place: str
    name: str
    sha256: str
    target: str | None = None


def read_table(place: str) -> Table:
    """Read the table at `place`.

    Raises:
        BadInput: There is none, or it cannot be read as its suffix says.
    """
    if place.startswith(SKLEARN_PREFIX):
        return _sklearn_table(place)
    if not place.strip():
        raise BadInput(
            "name the table with -P data=FILE (CSV, Parquet or JSON lines) or -P data=sklearn:NAME"
        )
    path = Path(place)
    if not path.exists():
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise BadInput(f"there is no file '{place}'{where}; {_siblings(path)}")
    if path.is_dir():
        raise BadInput(f"'{place}' is a folder; name one file in it")
    if path.stat().st_size == 0:
        raise BadInput(f"'{place}' is empty; a table needs a header and rows")
    frame = _named(READERS[suffix_of(path)](path), place)
    if frame.empty:
        raise BadInput(f"'{place}' has a header but no rows")
    return Table(frame, place, model_name(path), _digest(path))


def suffix_of(path: Path) -> str:
    """Return the suffix that says the format, without that of a compression.

    Raises:
        BadInput: No reader knows it.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    found = suffixes[-1] if suffixes else ""
    if found not in READERS:
        raise BadInput(f"'{path.name}' must end in {', '.join(READERS)} (perhaps with .gz), not in '{found}'")
    return found


def model_name(path: Path) -> str:
    """Make a registered model's name of a file's: `data/My table.csv.gz` is `My_table`."""
    stem = path.name
    while Path(stem).suffix.lower() in (*PACKED, *READERS):
        stem = Path(stem).stem
    return re.sub(r"[^\w-]+", "_", stem).strip("_") or "model"


def _named(frame: pd.DataFrame, place: str) -> pd.DataFrame:
    frame.columns = pd.Index([str(name) for name in frame.columns])
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise BadInput(f"'{place}' has more than one column '{twice[0]}'; rename one")
    return frame.reset_index(drop=True)


def _siblings(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder '{folder}' either"
    names = sorted(entry.name for entry in folder.iterdir() if set(entry.suffixes) & set(READERS))
    return did_you_mean(path.name, names) if names else f"'{folder}' holds no table"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sklearn_table(place: str) -> Table:
    name = place.removeprefix(SKLEARN_PREFIX)
    if name not in SKLEARN_TABLES:
        raise BadInput(f"scikit-learn brings no table '{name}'; {did_you_mean(name, SKLEARN_TABLES)}")
    import sklearn.datasets

    frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    digest = hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest()
    return Table(frame, place, name, digest, SKLEARN_TARGET)


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
        _refuse_twice(names, path)
        return pd.read_parquet(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(f"'{path}' cannot be read as Parquet; {error}") from error


def _json(path: Path) -> pd.DataFrame:
    try:
        is_array = path.suffix.lower() == ".json" and path.read_text("utf-8").lstrip().startswith("[")
        frame: Any = pd.read_json(
            path, lines=not is_array, dtype=False, convert_dates=False, precise_float=True, encoding="utf-8"
        )
    except UnicodeDecodeError as error:
        raise refusal(path, error) from error
    except (*UNREADABLE, OverflowError) as error:
        raise BadInput(f"'{path}' must hold one JSON object a line; {error}") from error
    if not isinstance(frame, pd.DataFrame) or frame.columns.inferred_type == "integer":
        raise BadInput(f"'{path}' must hold one JSON object a line, each with the columns' names")
    return frame


def _refuse_twice(names: list[str], path: Path) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"'{path}' has more than one column '{name}'; rename one")


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".parquet": _parquet,
    ".jsonl": _json,
    ".ndjson": _json,
    ".json": _json,
}
