"""Where a step works, and where what it makes goes: its run, and a folder that a person names."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.ingest.publish import OURS
from projects.run_rows import DATA, RUN
from projects.steps.command import Asked
from serving.settings import Settings

PARTS = ("train.parquet", "validation.parquet", "test.parquet")
"""What `split` writes."""


@contextmanager
def workspace(settings: Settings, name: str) -> Iterator[Path]:
    """Give a folder on the disk of the var folder, where a table may be as large as it is.

    A job of the platform has a `TMPDIR` in there, which counts against what it may write.

    Raises:
        BadInput: The var folder cannot be written.
    """
    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_place(settings)))
    except OSError as error:
        raise BadInput(
            f"the var folder '{settings.var_dir}' cannot be written ({error.strerror or error}); make it"
            " writable, or name another with PENSTOCK_VAR_DIR"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(settings: Settings) -> Path:
    own, var_dir = Path(os.environ.get("TMPDIR", "")), settings.var_dir.absolute()
    return own if own.is_relative_to(var_dir) and own.is_dir() else var_dir


def keep(asked: Asked, files: Path) -> str:
    """Keep a step's files with the run and in the folder that was named; return where a person finds them.

    Raises:
        BadInput: The folder cannot be written; the files are with the run all the same.
    """
    import mlflow

    log_files(files)
    run = mlflow.active_run()
    place = f"{RUN}{run.info.run_id}" if run else ""
    output = asked.own.get("output", "")
    if not output:
        return place
    target = Path(output)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in _kept(files):
            copied = target / path.name
            # Rows that were clean already are links to where they came from, which may be this folder.
            if not (copied.exists() and copied.samefile(path)):
                shutil.copy(path, copied)
    except OSError as error:
        raise BadInput(
            f"the folder '{output}' cannot be written ({error.strerror or error}); the files are in {place}"
        ) from error
    return str(target)


def log_files(files: Path, *, most_bytes: float = float("inf")) -> list[str]:
    """Keep a step's files with the active run; return the names of those that are too large for it."""
    import mlflow

    left = []
    for path in _kept(files):
        if path.stat().st_size > most_bytes:
            left.append(path.name)
        else:
            mlflow.log_artifact(str(path), DATA)
    return left


def _kept(files: Path) -> list[Path]:
    """Return the files that steps write; a folder that a person named may hold others."""
    return [path for path in sorted(files.iterdir()) if path.name in OURS or path.name in PARTS]


def log_outcome(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Keep what came of a step with the run, as JSON; return it with the run's id."""
    import mlflow

    run = mlflow.active_run()
    told = {**found, "run_id": run.info.run_id if run else ""}
    mlflow.log_dict(told, f"{name}.json")
    return told
