"""Upkeep: all that is to be done with a log now and then.

    seal predictions -> seal outcomes -> compact -> upload -> prune

One process at a time, by a lock on the folder. Every step can be killed at any moment and be done again.
Where the disk refuses one, the next are tried all the same: pruning may be what makes room. A damaged file is
told of and passed over: it must not keep the others from being uploaded and pruned.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.compact import compact
from serving.prediction_log.judge import judge
from serving.prediction_log.retention import Keeping, prune, prune_bucket
from serving.prediction_log.seal import SealReport, seal_outcomes, seal_segments
from serving.prediction_log.upload import Backlog, upload

_LEFT_S = 3600.0
_LOOK_EVERY_S = 0.2
_LEAP_S = 86_400.0


@dataclass(slots=True)
class Report:
    """What one upkeep did.

    Attributes:
        predictions: What became of the predictions' segments.
        outcomes: What became of the outcomes' segments.
        kinds: How many of the outcomes are of which kind (see `judge`).
        merged: How many merged files were written.
        uploaded: How many files were uploaded.
        pruned: How many files were removed from the folder.
        pruned_in_bucket: How many objects were removed from the bucket.
        backlog: What waits to be uploaded.
        problems: What the disk or the bucket refused, and which files cannot be read, as sentences.
    """

    predictions: SealReport = field(default_factory=SealReport)
    outcomes: SealReport = field(default_factory=SealReport)
    kinds: dict[str, int] = field(default_factory=dict)
    merged: int = 0
    uploaded: int = 0
    pruned: int = 0
    pruned_in_bucket: int = 0
    backlog: Backlog = field(default_factory=Backlog)
    problems: list[str] = field(default_factory=list)

    def note(self, path: Path, error: Exception) -> None:
        """Tell of a file that cannot be read, once."""
        told = f"'{path}' cannot be read and is passed over; restore it or move it away"
        if not any(problem.startswith(told) for problem in self.problems):
            self.problems.append(f"{told} ({str(error).partition(chr(10))[0]:.200})")


def keep_up(folder: Path, keeping: Keeping, bucket: Bucket | None, now_s: float) -> Report | None:
    """Do all of it; None when another process is at it.

    Args:
        folder: The log's folder; one that does not exist has nothing to be done.
        keeping: How long it is kept.
        bucket: Where its copy goes.
        now_s: The time, in seconds since 1970.
    """
    return _done((_sealed, _merged, _uploaded, _pruned), folder, keeping, bucket, now_s)


def hand_over(folder: Path, bucket: Bucket | None, patience_s: float) -> Report | None:
    """Only seal and upload, for a folder that nobody may come back to; None when another process stays at it.

    Nothing is merged, which takes time, nor pruned: the models' policies are not known here.

    Args:
        folder: The log's folder; one that does not exist has nothing to be done.
        bucket: Where its copy goes.
        patience_s: How long to wait for another process that keeps the log up.
    """
    deadline = time.monotonic() + patience_s
    while (report := _done((_sealed, _uploaded), folder, Keeping(), bucket, time.time())) is None:
        if time.monotonic() >= deadline:
            return None
        time.sleep(_LOOK_EVERY_S)
    return report


def _done(
    steps: tuple[Callable[[Report, Path, Keeping, Bucket | None, float], None], ...],
    folder: Path,
    keeping: Keeping,
    bucket: Bucket | None,
    now_s: float,
) -> Report | None:
    report = Report()
    if not folder.exists():
        return report
    with alone(folder) as is_alone:
        if not is_alone:
            return None
        for step in steps:
            try:
                step(report, folder, keeping, bucket, now_s)
            except OSError as error:
                report.problems.append(f"{step.__name__.strip('_')}: {error}")
    return report


def _sealed(report: Report, folder: Path, _keeping: Keeping, _bucket: Bucket | None, _now_s: float) -> None:
    report.predictions = seal_segments(folder)
    report.outcomes = seal_outcomes(folder)
    report.kinds = judge(folder, report.outcomes.files, report.note)


def _merged(report: Report, folder: Path, _keeping: Keeping, _bucket: Bucket | None, now_s: float) -> None:
    _sweep(folder, now_s)
    today = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%d")
    report.merged = len(compact(folder, today, report.note))


def _uploaded(report: Report, folder: Path, _keeping: Keeping, bucket: Bucket | None, _now_s: float) -> None:
    if bucket is not None:
        report.uploaded, report.backlog = upload(folder, bucket, report.note)
        report.problems += [report.backlog.problem] if report.backlog.problem else []


def _pruned(report: Report, folder: Path, keeping: Keeping, bucket: Bucket | None, now_s: float) -> None:
    if not _is_steady(folder, now_s):
        return
    report.pruned = len(prune(folder, keeping, now_s, bucket))
    if bucket is not None and not report.backlog.problem:
        report.pruned_in_bucket = prune_bucket(keeping, now_s, bucket)


def _is_steady(folder: Path, now_s: float) -> bool:
    """Whether the clock has not leapt more than a day since the last upkeep: a wrong one must not prune."""
    last = folder / "upkeep.time"
    try:
        before_s = float(last.read_text())
    except (FileNotFoundError, ValueError):
        before_s = now_s
    with suppress(OSError):  # on a full disk, where pruning is wanted most
        last.write_text(f"{now_s:.0f}\n")
    return abs(now_s - before_s) <= _LEAP_S


def summary(report: Report) -> dict[str, Any]:
    """What the gateway's metrics need of a report, as plain values."""
    backlog = report.backlog
    return {
        "predictions": report.predictions.rows,
        "outcomes": report.kinds,
        "broken": len(report.predictions.broken) + len(report.outcomes.broken),
        "merged": report.merged,
        "uploaded": report.uploaded,
        "pruned": report.pruned,
        "pruned_in_bucket": report.pruned_in_bucket,
        "backlog": {"files": backlog.files, "bytes": backlog.size_bytes, "oldest_s": backlog.oldest_s},
        "problems": report.problems,
    }


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether no other process is keeping the log up, and none will while this lasts."""
    handle = os.open(folder / "upkeep.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _sweep(folder: Path, now_s: float) -> None:
    """Remove what dead processes left half written, and marks of files that are gone."""
    for day in layout.every_day_dir(folder):
        for path in day.glob(".*"):
            is_left = path.suffix == ".tmp" and path.stat().st_mtime < now_s - _LEFT_S
            is_orphan = path.suffix == ".uploaded" and not path.with_name(path.stem[1:]).exists()
            if is_left or is_orphan:
                path.unlink(missing_ok=True)
