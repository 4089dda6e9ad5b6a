"""Erasing a person from the log: every sealed row of a user key or a prediction id, with its outcomes.

A file is written anew without the rows and takes the old one's name in one step; in the bucket, too. What
lies in an open segment is not touched: segments only ever grow. It is erased by the next erasing after its
segment is sealed, so this tells how many segments are open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket, sha256_of
from serving.prediction_log.seal import seal_outcomes, seal_segments

_ROW = r"-(0|[1-9]\d*)$"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Attributes:
        predictions: Rows of the predictions' log.
        outcomes: Rows of the outcomes' log.
        open_segments: Segments that are being written, and were not looked into.
    """

    predictions: int
    outcomes: int
    open_segments: int


def erase(folder: Path, bucket: Bucket | None, *, user_key: str = "", prediction_id: str = "") -> Erased:
    """Erase; to be run under the upkeep's lock, and again whenever it was cut off.

    Args:
        folder: The log's folder.
        bucket: The log's copy; files that are in the folder, too, go there with the next upkeep.
        user_key: As the log holds it: hashed.
        prediction_id: A request's id, for all its rows, or a row's.

    Raises:
        BucketError: The bucket cannot be reached.
    """
    seal_segments(folder)
    seal_outcomes(folder)
    ids = {prediction_id} - {""}
    count = 0
    for below in ("sealed", "outcomes/sealed"):
        # Outcomes come second, by the ids of the predictions that were found.
        rows = 0
        for path in _local(folder, below):
            rows += _erase_file(path, path, user_key, ids)
        if bucket is not None:
            rows += _erase_in_bucket(folder, bucket, below, user_key, ids)
        if below == "sealed":
            count = rows
    logs = (folder, layout.outcomes_dir(folder))
    return Erased(count, rows, sum(len(layout.segments(log)) for log in logs))


def _local(folder: Path, below: str) -> Iterator[Path]:
    for day in layout.every_day_dir(folder):
        if day.is_relative_to(folder / below):
            yield from layout.sealed_files(day)


def _erase_file(source: Path | pa.NativeFile, target: Path, user_key: str, ids: set[str]) -> int:
    """Write a file anew without what is to go; how many rows went, and their ids into `ids`."""
    table = pq.read_table(source, partitioning=None)
    names = table["prediction_id"]
    wanted = pa.array(sorted(ids), pa.string())
    requests = pc.replace_substring_regex(names, _ROW, "")
    goes = pc.or_(pc.is_in(names, value_set=wanted), pc.is_in(requests, value_set=wanted))
    if user_key and "user_key" in table.column_names:
        goes = pc.or_(goes, pc.fill_null(pc.equal(table["user_key"], user_key), fill_value=False))
    gone = table.filter(goes)
    if gone.num_rows:
        ids.update(gone["prediction_id"].to_pylist())
        unfinished = layout.unfinished_name(target)
        pq.write_table(table.filter(pc.invert(goes)), unfinished, compression="zstd")
        layout.uploaded_mark(target).unlink(missing_ok=True)
        layout.publish(unfinished, target)
    return int(gone.num_rows)


def _erase_in_bucket(folder: Path, bucket: Bucket, below: str, user_key: str, ids: set[str]) -> int:
    rows = 0
    with TemporaryDirectory() as place:
        for name in bucket.names(f"{below}/"):
            if (folder / name).exists():
                continue
            anew = Path(place) / "anew.parquet"
            found = _erase_file(bucket.open(name), anew, user_key, ids)
            if found:
                bucket.put(anew, name, sha256_of(anew))
            rows += found
    return rows
