"""`python -m serving.prediction_log seal|upkeep|read|erase`: the log from the command line."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from serving.prediction_log.bucket import Bucket
from serving.prediction_log.erase import erase
from serving.prediction_log.read import read
from serving.prediction_log.retention import Keeping
from serving.prediction_log.seal import seal_outcomes, seal_segments
from serving.prediction_log.upkeep import Report, alone, hand_over, keep_up, summary
from serving.settings import Settings, SettingsError, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 the disk refused, 2 bad input."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
        folder = options.folder or settings.prediction_log_dir
        if options.command == "seal":
            return _seal(folder, as_json=options.json)
        if options.command == "upkeep":
            return _keep_up(folder, settings, options)
        if options.command == "erase":
            return _erase(folder, settings, options)
        return _read(folder, options, settings.log_s3_uri)
    except (SettingsError, ValueError) as error:
        print(f"prediction log: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"prediction log: {error}", file=sys.stderr)
        return 1


def _seal(folder: Path, *, as_json: bool) -> int:
    report = seal_segments(folder)
    outcomes = seal_outcomes(folder)
    if as_json:
        broken = [str(line) for line in report.broken]
        files = [str(path) for path in report.files]
        print(
            json.dumps(
                {
                    "segments": report.segments,
                    "rows": report.rows,
                    "files": files,
                    "broken": broken,
                    "outcomes": outcomes.rows,
                }
            )
        )
    else:
        done = f"{report.segments} segments, {report.rows} predictions, {len(report.files)} files"
        done = f"{done}, {outcomes.rows} outcomes" if outcomes.rows else done
        print(f"sealed {done}; skipped {len(report.broken)} broken lines")
    return 0


def _keep_up(folder: Path, settings: Settings, options: argparse.Namespace) -> int:
    keeping = Keeping(
        settings.log_retention_days,
        settings.log_s3_retention_days,
        _retention(options.retention),
        settings.log_max_bytes,
    )
    bucket = Bucket(settings.log_s3_uri, settings.s3_encryption) if settings.log_s3_uri else None
    if options.leaving:
        report = hand_over(folder, bucket, options.leaving)
    else:
        report = keep_up(folder, keeping, bucket, time.time())
    if report is None:
        if options.json:
            # Who reads this asks again soon: the other may be a dead worker's, still at work.
            print("null")
            return 0
        raise OSError(f"another process is keeping up '{folder}'; try again when it has ended")
    if options.json:
        print(json.dumps(summary(report)))
    else:
        print(_told(report))
    for problem in report.problems:
        print(f"prediction log: {problem}", file=sys.stderr)
    return 1 if report.problems else 0


def _erase(folder: Path, settings: Settings, options: argparse.Namespace) -> int:
    if bool(options.user_key) == bool(options.prediction_id):
        raise ValueError("erase needs one of --user-key and --prediction-id")
    bucket = Bucket(settings.log_s3_uri, settings.s3_encryption) if settings.log_s3_uri else None
    with alone(folder) as is_alone:
        if not is_alone:
            raise OSError(f"another process is keeping up '{folder}'; try again when it has ended")
        done = erase(folder, bucket, user_key=options.user_key, prediction_id=options.prediction_id)
    print(f"erased {done.predictions} predictions, {done.outcomes} outcomes")
    if done.open_segments:
        wait = f"erase again in {settings.log_segment_s:g} s"
        print(f"{done.open_segments} segments are being written and were not looked into; {wait}")
    for name in sorted(done.damaged):
        told = f"'{name}' cannot be read and was not looked into; restore it or move it away, and erase again"
        print(f"prediction log: {told}", file=sys.stderr)
    return 1 if done.damaged else 0


def _told(report: Report) -> str:
    sealed = f"sealed {report.predictions.rows} predictions, {report.outcomes.rows} outcomes"
    moved = f"merged into {report.merged} files, uploaded {report.uploaded}, removed {report.pruned}"
    waiting = f"; {report.backlog.files} files wait" if report.backlog.files else ""
    return f"{sealed}; {moved} and {report.pruned_in_bucket} in the bucket{waiting}"


def _retention(text: str) -> dict[str, float]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f'--retention must be JSON like {{"churn": 30}}; {error}') from error
    if not isinstance(found, dict) or not all(type(days) in (int, float) for days in found.values()):
        raise ValueError(f'--retention must be JSON like {{"churn": 30}}, not {text}')
    return found


def _read(folder: Path, options: argparse.Namespace, s3_uri: str) -> int:
    table = read(
        folder,
        model=options.model,
        version=options.version,
        variant=options.variant,
        since_s=_time_s(options.since),
        until_s=_time_s(options.until),
        shadow=options.shadow,
        limit=options.limit or None,
        outcomes=options.outcomes,
        s3_uri=s3_uri,
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
    keeping = commands.add_parser(
        "upkeep", help="seal, merge, upload and prune: what the gateway does by itself"
    )
    keeping.add_argument("--retention", default="{}", help="days by model, as JSON")
    keeping.add_argument("--json", action="store_true", help="say it as JSON")
    keeping.add_argument(
        "--leaving",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="only seal and upload, for a folder that is left for good; wait so long for another upkeep",
    )
    reading = commands.add_parser("read", help="print logged predictions as JSON lines")
    reading.add_argument("--model", required=True)
    reading.add_argument("--version")
    reading.add_argument("--variant")
    reading.add_argument("--since", default="", help="ISO time; UTC where it has no zone")
    reading.add_argument("--until", default="", help="ISO time; UTC where it has no zone")
    reading.add_argument("--shadow", action="store_true", help="what shadows predicted")
    reading.add_argument("--outcomes", action="store_true", help="join labels and values that came later")
    reading.add_argument("--limit", type=int, default=10, help="the newest so many rows; 0 for all")
    reading.add_argument("--output", type=Path, help="write a .parquet or .csv file")
    erasing = commands.add_parser("erase", help="remove a person's sealed rows, with their outcomes")
    erasing.add_argument("--user-key", default="", help="as the log has it: hashed")
    erasing.add_argument("--prediction-id", default="", help="a request's id, or a row's")
    for command in (sealing, keeping, reading, erasing):
        command.add_argument("--folder", type=Path, help="the log's folder, by default the settings'")
    return parser


if __name__ == "__main__":
    sys.exit(main())
