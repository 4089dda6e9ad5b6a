"""The pictures and tables that a run has left, fetched by their names alone."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penstock.desk import Desk
from penstock.problems import NotFound, TooLarge
from penstock.spreadsheets import safe_csv
from projects.hints import did_you_mean

PLOTS, TABLES = "plots", "evaluation"
MOST_BYTES = 32 * 1024**2
"""What is read of a file at a time: it goes through this process's memory."""
KINDS = {".png": "image/png", ".csv": "text/csv; charset=utf-8", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class RunFile:
    """A file of a run, as it is."""

    content: bytes
    kind: str


def names(desk: Desk, run_id: str, folders: Sequence[str]) -> dict[str, list[str]]:
    """The names of a run's files, by their folder; none where there is no run.

    Raises:
        MlflowException: MLflow does not answer.
    """
    if not run_id:
        return {folder: [] for folder in folders}
    return {
        folder: [
            each.path.rpartition("/")[2]
            for each in desk.client.list_artifacts(run_id, folder or None)
            if not each.is_dir
        ]
        for folder in folders
    }


def evaluation_file(desk: Desk, run_id: str, name: str) -> RunFile:
    """A picture or a table of an evaluation; no cell of a table is run by a spreadsheet.

    Raises:
        NotFound: The run has none of that name.
    """
    there = names(desk, run_id, (PLOTS, TABLES))
    folder = next((folder for folder, known in there.items() if name in known), None)
    if folder is None:
        hint = did_you_mean(name[:80], there[PLOTS] + there[TABLES])
        raise NotFound(f"there is no picture or table '{name:.80}' there; {hint}")
    kind = KINDS.get(Path(name).suffix, "application/octet-stream")
    found = content(desk, run_id, f"{folder}/{name}")
    return RunFile(safe_csv(found) if name.endswith(".csv") else found, kind)


def content(desk: Desk, run_id: str, path: str) -> bytes:
    """A file of a run.

    Raises:
        TooLarge: It takes more than `MOST_BYTES`, and comes in one piece.
        MlflowException: There is none, or MLflow does not answer.
    """
    there = desk.client.list_artifacts(run_id, path.rpartition("/")[0] or None)
    size = next((int(each.file_size or 0) for each in there if each.path == path), 0)
    if size > MOST_BYTES:
        raise TooLarge(
            f"'{path:.200}' takes {size:,} bytes, and at most {MOST_BYTES:,} are shown; get it from MLflow"
        )
    with tempfile.TemporaryDirectory(prefix="penstock-api-") as scratch:
        return Path(desk.client.download_artifacts(run_id, path, scratch)).read_bytes()
