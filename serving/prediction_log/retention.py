"""Retention: what is too old goes, and what is too much; never a segment, never what is not uploaded yet.

Days are whole: a day goes when its end is older than the retention. Without a bucket there is nothing to wait
for. The bound on bytes takes the oldest days first. Outcomes go when all predictions that they may be about
have gone, which is after the longest retention.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.upload import is_uploaded

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long the log is kept; 0 days or bytes are no bound.

    Attributes:
        days: In the folder.
        bucket_days: In the bucket.
        by_model: What a model's policy says, in the folder and in the bucket.
        max_bytes: The most bytes of sealed files in the folder.
    """

    days: float = 0
    bucket_days: float = 0
    by_model: Mapping[str, float] = field(default_factory=dict)
    max_bytes: int = 0


def prune(folder: Path, keeping: Keeping, now_s: float, bucket: Bucket | None) -> list[Path]:
    """Remove from the folder what need not be kept there, and give it.

    Args:
        folder: The log's folder.
        keeping: What is kept.
        now_s: The time, in seconds since 1970.
        bucket: Where files must be before they may go.
    """
    removed = []
    kept: list[Path] = []
    for day in layout.every_day_dir(folder):
        files = [path for path in layout.sealed_files(day) if bucket is None or is_uploaded(path, bucket)]
        days = _days(layout.model_name(day), keeping, keeping.days)
        if _is_past(day.name, days, now_s):
            removed += files
        else:
            kept += files
    over_bytes = _size_bytes(folder) - sum(path.stat().st_size for path in removed) - keeping.max_bytes
    for path in sorted(kept, key=lambda path: (path.parent.name, path.name)) if keeping.max_bytes else ():
        if over_bytes <= 0:
            break
        over_bytes -= path.stat().st_size
        removed.append(path)
    for path in removed:
        _remove(path)
    return removed


def prune_bucket(keeping: Keeping, now_s: float, bucket: Bucket) -> int:
    """Remove from the bucket what is past its retention there; how many objects.

    Raises:
        BucketError: The bucket cannot be reached.
    """
    if not keeping.bucket_days and not keeping.by_model:
        return 0
    past = [
        name
        for under in ("sealed/", "outcomes/sealed/")
        for name in bucket.names(under)
        if _is_past_in_bucket(name, keeping, now_s)
    ]
    bucket.remove(past)
    return len(past)


def _is_past_in_bucket(name: str, keeping: Keeping, now_s: float) -> bool:
    day = Path(name).parent
    if not day.name.startswith("day="):
        return False
    return _is_past(day.name, _days(layout.model_name(day), keeping, keeping.bucket_days), now_s)


def _days(model: str | None, keeping: Keeping, otherwise: float) -> float:
    """A model's retention; that of outcomes is the longest, and none where any model has none."""
    if model is not None:
        named = {layout.model_dir(Path(), name).name: days for name, days in keeping.by_model.items()}
        return named.get(model, otherwise)
    return max([otherwise, *keeping.by_model.values()]) if otherwise else 0


def _is_past(day_name: str, days: float, now_s: float) -> bool:
    if not days:
        return False
    end = datetime.fromisoformat(day_name.removeprefix("day=")).replace(tzinfo=UTC) + timedelta(days=1)
    return end.timestamp() <= now_s - days * _DAY_S


def _size_bytes(folder: Path) -> int:
    return sum(
        path.stat().st_size for day in layout.every_day_dir(folder) for path in layout.sealed_files(day)
    )


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    layout.uploaded_mark(path).unlink(missing_ok=True)
    try:
        path.parent.rmdir()
    except OSError:  # more files lie there
        return
