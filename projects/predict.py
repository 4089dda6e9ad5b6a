"""`python -m projects.predict`: a file of rows in, the same file with predictions out.

Any registered version scores, by its scoring plan where it has one. Exit codes: 0 the output is written,
2 bad input, 1 a failure of ours.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from projects.errors import BadInput
from projects.shell import TRACKING, connect, run_command
from serving.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Score one file; return the exit code."""
    asked = _parser().parse_args(arguments)
    return run_command(lambda settings: _work(asked, settings))


def _work(asked: argparse.Namespace, settings: Settings) -> None:
    from mlflow import MlflowClient

    from projects.batch import default_output, predict_file
    from projects.version import fetch_version

    if not asked.data:
        raise BadInput("name the rows to predict with -P data=FILE")
    data, chunk_rows = Path(asked.data), _chunk_rows(asked.chunk_rows)
    output = Path(asked.output) if asked.output else default_output(data)
    connect(settings.tracking_uri)
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        version = fetch_version(MlflowClient(), asked.name, asked.version, asked.stage, Path(folder))
        print(f"model {version.name} version {version.number}, by its {version.way}", flush=True)
        rows = predict_file(
            version, data, output, chunk_rows=chunk_rows, say=lambda line: print(line, flush=True)
        )
    print(f"{rows} predictions are in {output}", flush=True)


def _chunk_rows(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise BadInput(f"chunk_rows must be a whole number above 0, not '{text}'")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(
        prog="python -m projects.predict", description="Predict the rows of a file.", epilog=TRACKING
    )
    line.add_argument("--data", default="", help="a CSV, TSV, Parquet or JSON lines file")
    line.add_argument("--name", default="", help="the registered model, or models:/NAME/VERSION_OR_STAGE")
    line.add_argument("--version", default="", help="the version; by default the one in the stage")
    line.add_argument("--stage", default="Production", help="the stage")
    line.add_argument("--output", default="", help="the file to write; by default FILE.predictions.SUFFIX")
    line.add_argument("--chunk-rows", default="10000", help="rows in memory at a time")
    return line


if __name__ == "__main__":
    sys.exit(main())
