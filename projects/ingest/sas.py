"""SAS files, read by pandas chunk by chunk."""

from collections.abc import Iterator, Sequence
from typing import Any

from projects.ingest.names import clean_names, table_name
from projects.ingest.raw import TEXT, Facts, FoundFile, RawTable, Unreadable
from projects.ingest.staging import READING, stage
from projects.ingest.text_file import plain_stem
from projects.ingest.workspace import Workspace

CHUNK_ROWS = 20_000


def read_sas(file: FoundFile, kind: str, facts: Facts, work: Workspace) -> RawTable:
    """Read a SAS data set (sas7bdat) or transport file.

    Raises:
        Unreadable: It is broken.
    """
    import pandas as pd

    path = work.new_path(".parquet")
    try:
        with pd.read_sas(file.path, format=kind, iterator=True, chunksize=CHUNK_ROWS) as chunks:  # type: ignore[call-overload]  # the stubs know literals only
            first = next(chunks, None)
            if first is None:
                raise Unreadable(f"'{file.shown}' has no rows")
            names = clean_names([str(name) for name in first.columns])
            rows = stage(path, _rows(first, chunks), len(names.clean))
    except (ValueError, OSError, KeyError, IndexError, EOFError) as error:
        raise Unreadable(f"'{file.shown}' cannot be read as SAS; {error}") from error
    told = Facts(file.shown, facts.format, facts.sha256, facts.size_bytes, rows=rows)
    name = table_name(plain_stem(file.shown))
    return RawTable(name, told, READING, (path,), names.clean, (TEXT,) * len(names.clean))


def _rows(first: Any, others: Any) -> Iterator[Sequence[object]]:
    yield from first.itertuples(index=False, name=None)
    for chunk in others:
        yield from chunk.itertuples(index=False, name=None)
