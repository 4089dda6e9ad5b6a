"""Where a step's rows come from and go to: a path, or another run's rows; and this run's own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.ingest.publish import OURS, ROWS
from projects.requirement.model import Requirement
from projects.steps.command import Asked
from serving.settings import Settings

RUN = "runs:/"
DATA = "data"
PARTS = ("train.parquet", "validation.parquet", "test.parquet")
"""What `split` writes."""


@contextmanager
def workspace(settings: Settings, name: str) -> Iterator[Path]:
    """Give a folder on the disk of the var folder, where a table may be as large as it is.

    Raises:
        BadInput: The var folder cannot be written.
    """
    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=settings.var_dir))
    except OSError as error:
        raise BadInput(
            f"the var folder '{settings.var_dir}' cannot be written ({error.strerror or error}); make it"
            " writable, or name another with PENSTOCK_VAR_DIR"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_run_resolved(asked: Requirement, folder: Path) -> Requirement:
    """Replace `runs:/RUN_ID` by that run's rows, fetched into a folder.

    Raises:
        BadInput: There is no such run, or it left no rows.
    """
    source = asked.data_source
    if not isinstance(source, str) or not source.startswith(RUN):
        return asked
    return asked.model_copy(update={"data_source": str(fetch_rows(source, folder))})


def fetch_rows(place: str, folder: Path) -> Path:
    """Fetch the rows that a run left.

    Raises:
        BadInput: There is no such run, or it left no rows.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    run_id, _, inner = place.removeprefix(RUN).partition("/")
    try:
        found = Path(
            download_artifacts(run_id=run_id, artifact_path=inner or DATA, dst_path=str(folder / "fetched"))
        )
    except MlflowException as error:
        raise BadInput(
            f"run '{run_id}' left no rows to read ('{inner or DATA}' among its artefacts); name a run of a"
            " step that writes rows, or a path"
        ) from error
    if inner or not found.is_dir() or (found / ROWS).is_file():
        return found
    files = ", ".join(f"{RUN}{run_id}/{DATA}/{path.name}" for path in sorted(found.iterdir()))
    raise BadInput(f"run '{run_id}' left no {ROWS}; name one of its files: {files}")


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
        if not target.samefile(files):
            for path in _kept(files):
                shutil.copy(path, target / path.name)
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
