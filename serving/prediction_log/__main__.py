"""`python -m serving.prediction_log seal|read`: the log from the command line."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from serving.prediction_log.read import read
from serving.prediction_log.seal import seal_segments
from serving.settings import SettingsError, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 the disk refused, 2 bad input."""
    options = _parser().parse_args(arguments)
    try:
        folder = options.folder or load().prediction_log_dir
        if options.command == "seal":
            return _seal(folder, as_json=options.json)
        return _read(folder, options)
    except (SettingsError, ValueError) as error:
        print(f"prediction log: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"prediction log: {error}", file=sys.stderr)
        return 1


def _seal(folder: Path, *, as_json: bool) -> int:
    report = seal_segments(folder)
    if as_json:
        broken = [str(line) for line in report.broken]
        files = [str(path) for path in report.files]
        print(
            json.dumps({"segments": report.segments, "rows": report.rows, "files": files, "broken": broken})
        )
    else:
        done = f"{report.segments} segments, {report.rows} predictions, {len(report.files)} files"
        print(f"sealed {done}; skipped {len(report.broken)} broken lines")
    return 0


def _read(folder: Path, options: argparse.Namespace) -> int:
    table = read(
        folder,
        model=options.model,
        version=options.version,
        variant=options.variant,
        since_s=_time_s(options.since),
        until_s=_time_s(options.until),
        shadow=options.shadow,
        limit=options.limit or None,
    )
    if options.output:
        _write(table, options.output)
        print(f"{table.num_rows} predictions of '{options.model}' written to {options.output}")
    else:
        for batch in table.to_batches():
            for row in batch.to_pylist():
                sys.stdout.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode())
    return 0


def _write(table: pa.Table, output: Path) -> None:
    if output.suffix == ".parquet":
        pq.write_table(table, output, compression="zstd")
    elif output.suffix == ".csv":
        csv.write_csv(table.drop_columns("probabilities").flatten(), output)
    else:
        raise ValueError(f"--output must end in .parquet or .csv, not '{output}'")


def _time_s(text: str) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"a time must be like 2026-07-31T12:00:00Z, not '{text}'") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serving.prediction_log", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sealing = commands.add_parser("seal", help="turn closed segments into Parquet")
    sealing.add_argument("--json", action="store_true", help="say it as JSON")
    reading = commands.add_parser("read", help="print logged predictions as JSON lines")
    reading.add_argument("--model", required=True)
    reading.add_argument("--version")
    reading.add_argument("--variant")
    reading.add_argument("--since", default="", help="ISO time; UTC where it has no zone")
    reading.add_argument("--until", default="", help="ISO time; UTC where it has no zone")
    reading.add_argument("--shadow", action="store_true", help="what shadows predicted")
    reading.add_argument("--limit", type=int, default=10, help="the newest so many rows; 0 for all")
    reading.add_argument("--output", type=Path, help="write a .parquet or .csv file")
    for command in (sealing, reading):
        command.add_argument("--folder", type=Path, help="the log's folder, by default the settings'")
    return parser


if __name__ == "__main__":
    sys.exit(main())
