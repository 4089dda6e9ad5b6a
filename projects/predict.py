"""`python -m projects.predict`: rows in, the same rows with predictions out.

Any registered version scores, by its scoring plan where it has one. A run that was killed goes on where it
stopped when it is started again. Exit codes: 0 the output is written, 2 bad input, 1 a failure of ours.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.shell import TRACKING, CommandLine, connect, run_command
from serving.settings import Settings

if TYPE_CHECKING:
    from projects.batch.run import Predicted
    from projects.scorer import Version

YES = {"yes": True, "no": False}


def main(arguments: Sequence[str] | None = None) -> int:
    """Score one source; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return run_command(lambda settings: _work(_asked(words), settings), is_json="--json" in words)


def _asked(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a requirement gives the rows and the model where no parameter does."""
    from projects.requirement.read import read_requirement

    asked = _parser().read(words)
    requirement = read_requirement(spec=asked.spec, parameters={"compute": asked.compute})
    asked.compute = requirement.compute
    if not asked.spec:
        return asked
    source = requirement.data_source
    if not asked.data and not isinstance(source, str):
        raise BadInput("predict takes one source; name it with -P data=")
    asked.data = asked.data or source
    asked.name = asked.name or requirement.registered_name
    return asked


def default_output(place: str) -> Path:
    """Name the output after the data: `day.csv.gz` gives `day.predictions.csv`, beside it.

    What is no file here, and what is in a format that is not written, gives CSV.
    """
    from projects.batch.formats import FORMATS
    from projects.ingest.kinds import SUFFIXES

    is_elsewhere = re.match(r"[a-z][a-z0-9_+]*:", place) is not None
    path = Path(place.rsplit("/", 1)[-1].rsplit(":", 1)[-1] if is_elsewhere else place)
    stem, suffix = path.name, ""
    while Path(stem).suffix.lower() in SUFFIXES and Path(stem).stem:
        suffix, stem = Path(stem).suffix.lower(), Path(stem).stem
    stem = re.sub(r"[^\w.-]+", "_", stem).strip("_.") or "rows"
    return path.with_name(f"{stem}.predictions{suffix if suffix in FORMATS else '.csv'}")


def _work(asked: argparse.Namespace, settings: Settings) -> None:
    from mlflow import MlflowClient

    from projects.batch.run import Asked, check_output, predict_source
    from projects.batch.source import known_of
    from projects.compute.cluster import cluster
    from projects.compute.crew import crew_of
    from projects.version import fetch_version

    if not asked.data:
        raise BadInput(
            "name the rows to predict with -P data=FILE, a folder, a glob, s3:// or a database's URL"
        )
    chunk_rows, overwrite = _chunk_rows(asked.chunk_rows), _yes_or_no(asked.overwrite)
    output = Path(asked.output) if asked.output else default_output(asked.data)
    check_output(output, overwrite=overwrite)
    if output.exists() and Path(asked.data).exists() and output.samefile(asked.data):
        raise BadInput(f"the output '{output}' is the data itself; name another with -P output=FILE")
    connect(settings.tracking_uri)
    # With --json the lines for a person go to the other stream, so that the summary stands alone.
    say = partial(print, file=sys.stderr if asked.json else sys.stdout, flush=True)
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        version = fetch_version(MlflowClient(), asked.name, asked.version, asked.stage, Path(folder))
        say(f"model {version.name} version {version.number}, by its {version.way}")
        data = _rows_of(asked.data, Path(folder) / "rows")
        with cluster(asked.compute, say, folder=Path(folder)) as client:
            crew = crew_of(client, say)
            wanted = Asked(version, output, asked.keep, chunk_rows, overwrite, say, crew=crew)
            done = predict_source(data, known_of(version.schema), wanted)
    for odd in done.odd:
        cells = counted(odd.count, "cell", "counts")
        say(f"column '{odd.column}': {cells} as missing, as in training; the first is"
            f" {odd.cell} in row {odd.row}")  # fmt: skip
    say(f"{counted(done.rows, 'prediction', 'is')} in {output}")
    if asked.json:
        print(json.dumps(_summary(done, version, output)), flush=True)


def _rows_of(place: str, folder: Path) -> str:
    """Return where the rows are: those that a run left are fetched, of a clean folder one file is enough."""
    from projects.ingest.publish import ROWS
    from projects.run_rows import RUN, fetch_rows

    found = fetch_rows(place, folder) if place.startswith(RUN) else Path(place)
    return str(found / ROWS) if (found / ROWS).is_file() else place if found == Path(place) else str(found)


def _summary(done: "Predicted", version: "Version", output: Path) -> dict[str, object]:
    return {
        "rows": done.rows,
        "resumed_rows": done.resumed_rows,
        "seconds": round(done.seconds, 3),
        "rows_per_second": round(done.rows / max(done.seconds, 1e-9)),
        "output": str(output),
        "model": version.name,
        "version": version.number,
        "way": version.way,
    }


def _chunk_rows(text: str) -> int:
    if text == "auto":
        return 0
    if not text.isdigit() or int(text) == 0:
        raise BadInput(f"chunk_rows must be a whole number above 0, or auto, not '{text}'")
    return int(text)


def _yes_or_no(text: str) -> bool:
    if text.casefold() not in YES:
        raise BadInput(f"overwrite must be yes or no, not '{text}'; {did_you_mean(text, YES)}")
    return YES[text.casefold()]


def _parser() -> CommandLine:
    line = CommandLine(
        prog="python -m projects predict",
        description="Predict the rows of a source.",
        epilog=TRACKING,
        allow_abbrev=False,
    )
    line.add_argument("--spec", default="", help="a requirement file: its data and its model's name")
    line.add_argument(
        "--data", default="", help="a file, folder, glob, s3://..., runs:/ID or database URL with #TABLE"
    )
    line.add_argument("--name", default="", help="the registered model, or models:/NAME/VERSION_OR_STAGE")
    line.add_argument("--version", default="", help="the version; by default the one in the stage")
    line.add_argument("--stage", default="Production", help="the stage")
    line.add_argument(
        "--output", default="", help="the CSV, TSV, Parquet or JSON lines file; by default DATA.predictions.*"
    )
    line.add_argument("--keep", default="all", help="the columns of the data to keep: all, none or NAME,NAME")
    line.add_argument("--overwrite", default="no", help="yes replaces an output that exists")
    line.add_argument("--chunk-rows", default="auto", help="rows in memory at a time")
    line.add_argument("--compute", default="", help="a Dask cluster: local, or a scheduler's tcp://HOST:PORT")
    line.add_argument("--json", action="store_true", help="print a summary as one line of JSON")
    return line


if __name__ == "__main__":
    sys.exit(main())
