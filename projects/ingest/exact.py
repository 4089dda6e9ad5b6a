"""A delimited text read to the letter: its names and cells as they stand there, nothing converted."""

import tempfile
from pathlib import Path

from projects.ingest.engine import files_of, open_engine
from projects.ingest.raw import FoundFile
from projects.ingest.text_file import read_text_file
from projects.ingest.workspace import Workspace


def read_table_exactly(path: Path) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Read the columns' names and all cells of a delimited text; an empty cell is an empty text.

    The whole table is held in memory: this is for small files and for comparing readers.

    Raises:
        BadInput: It holds no table.
    """
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder) / "spill") as engine:
        work = Workspace(Path(folder), engine, lambda _: None)
        raw = read_text_file(FoundFile(path, str(path)), work)
        rows = work.rows(raw.reading.format(files=files_of(raw.paths)))
        return raw.names, [tuple(cell or "" for cell in row) for row in rows]
