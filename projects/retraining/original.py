"""What a version was learned from: its requirement, and its rows, from its run or read anew."""

import json
from dataclasses import dataclass
from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from projects.as_trained import rows_as_trained
from projects.errors import BadInput
from projects.ingest.publish import ROWS
from projects.ingest.schema import ColumnSchema, read_schema
from projects.requirement.model import Requirement
from projects.retraining.arrivals import Say
from projects.retraining.stock import KNOWN
from projects.rows import told_place
from projects.run_rows import DATA
from projects.served import Served
from projects.training import REQUIREMENT

KEPT = "retraining"
"""Where a retraining keeps what the next one needs, among its run's artefacts."""
RETRAINED_FROM = "penstock.retrained_from"
"""Of a version: the one that it was held against."""


@dataclass(frozen=True)
class Original:
    """What a version was learned from.

    Attributes:
        asked: Its requirement, with everything decided.
        columns: How its table's columns were read.
    """

    asked: Requirement
    columns: tuple[ColumnSchema, ...]


def read_original(served: Served, folder: Path, spec: Requirement | None = None) -> Original:
    """Read what a version was asked for and how its rows were read.

    Args:
        served: The version.
        folder: Where files may go.
        spec: A requirement that takes the place of the version's own.

    Raises:
        BadInput: Its run is gone, or it was not trained here.
    """
    what = f"version {served.number} of '{served.name}'"
    again = "train it again with `mlflow run . -e main`"
    if not served.run_id or not served.schema.is_file():
        raise BadInput(f"{what} was not trained by Penstock, so nobody knows how to train it again; {again}")
    if spec is not None:
        return Original(spec, read_schema(served.schema.parent))
    try:
        path = download_artifacts(
            run_id=served.run_id, artifact_path=REQUIREMENT, dst_path=_made(folder / "requirement")
        )
        asked = Requirement.model_validate(json.loads(Path(path).read_text(encoding="utf-8")))
    except (MlflowException, OSError) as error:
        if "Max retries exceeded" in str(error):
            raise
        raise BadInput(
            f"the requirement of {what} is gone with its run {served.run_id}; {again}, or name one with"
            " -P spec=FILE"
        ) from error
    except (ValidationError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise BadInput(f"the requirement of {what} cannot be read ({why:.200}); {again}") from error
    return Original(asked, read_schema(served.schema.parent))


def original_rows(served: Served, original: Original, folder: Path, say: Say) -> tuple[Path, bool]:
    """Fetch the rows that a version was learned from, or read their source as it was read then.

    Returns:
        The clean rows, a Parquet file; and whether the run has kept them, with all that was learned since.

    Raises:
        BadInput: The run keeps none, and the source is gone too.
    """
    try:
        found = download_artifacts(
            run_id=served.run_id, artifact_path=f"{DATA}/{ROWS}", dst_path=_made(folder / "fetched")
        )
    except (MlflowException, OSError) as error:
        if "Max retries exceeded" in str(error):
            raise
        return _read_again(served, original, folder, say), False
    return Path(found), True


def known_rows(served: Served, folder: Path) -> Path | None:
    """Fetch the digests of the logged rows that a version has learned; None where it has learned none."""
    if RETRAINED_FROM not in served.tags:
        return None
    place = f"{KEPT}/{KNOWN}"
    return Path(
        download_artifacts(run_id=served.run_id, artifact_path=place, dst_path=_made(folder / "known"))
    )


def _read_again(served: Served, original: Original, folder: Path, say: Say) -> Path:
    place = told_place(original.asked.data_source)
    say(f"the run of version {served.number} keeps no rows; they are read again from {place}")
    try:
        clean, _ = rows_as_trained(original.asked, served, folder / "source", say)
    except BadInput as error:
        raise BadInput(
            f"the rows that version {served.number} of '{served.name}' was learned from are gone: its run"
            f" keeps none, and of {place} it is said: {error}; give -P recent_days=DAYS to learn from the new"
            " rows alone"
        ) from error
    if clean.sha256 != served.tags.get("penstock.data_sha256", clean.sha256):
        say(f"careful: {place} is not what it was when version {served.number} was trained")
    return clean.parquet


def _made(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)
