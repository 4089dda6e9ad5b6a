"""The rows that a step has left with its run, fetched: `runs:/RUN_ID`, or one of its files."""

from pathlib import Path

from projects.errors import BadInput
from projects.ingest.publish import ROWS

RUN = "runs:/"
DATA = "data"
"""Where steps keep rows among a run's artefacts."""


def fetch_rows(place: str, folder: Path) -> Path:
    """Fetch the rows that a run left.

    Args:
        place: `runs:/RUN_ID` for the clean rows of a run, `runs:/RUN_ID/data/FILE` for one file.
        folder: An empty folder, or one to be made.

    Raises:
        BadInput: There is no such run, or it left no rows.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    run_id, _, inner = place.removeprefix(RUN).partition("/")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = Path(download_artifacts(run_id=run_id, artifact_path=inner or DATA, dst_path=str(folder)))
    except (MlflowException, OSError) as error:
        if "Max retries exceeded" in str(error):
            raise
        raise BadInput(
            f"run '{run_id}' left no rows to read ('{inner or DATA}' among its artefacts); name a run of a"
            " step that writes rows, or a path"
        ) from error
    if inner or (found / ROWS).is_file():
        return found
    files = ", ".join(f"{RUN}{run_id}/{DATA}/{path.name}" for path in sorted(found.iterdir()))
    raise BadInput(f"run '{run_id}' left no {ROWS}; name one of its files: {files}")
