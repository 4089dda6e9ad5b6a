"""Which predictions are of which models, by their ids: an id tells when it was made, so that a day is read.

Live segments are read first, then sealed files: what is sealed in between is met twice, which does no harm.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from serving.prediction_log import catalogue, layout
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.lines import read_chunks
from serving.prediction_log.record import FORM, LATEST_TS_S
from serving.prediction_log.tables import prediction_ids

ID_CHARS = 36
"""A UUID's; behind it stands a row's number."""

LATE_S = 120.0
"""A prediction is logged within so long of its id's making."""

FEW = 4
"""So many ids are looked for one by one, which reads only the lines that hold them."""

_ATTEMPTS = 20


def known_of(folder: Path, ids: Collection[str], models: Collection[str], *, s3_uri: str = "") -> set[str]:
    """Those of some ids that are of logged predictions of some models.

    Args:
        folder: The log's folder; one that does not exist is an empty log.
        ids: Predictions' ids, UUIDv7, with a row's number or without.
        models: Registered models' names.
        s3_uri: The log's copy, `s3://bucket/prefix`, for what is not in the folder any more.

    Raises:
        BucketError: The bucket cannot be read.
    """
    asked = {*ids, *map(_plain, ids)}
    found = _live(folder, asked, set(models))
    for bucket in (None, *((Bucket(s3_uri),) if s3_uri else ())):
        for model in models:
            if left := asked - found:
                found |= _settled(folder, left, model, bucket)
    return {each for each in ids if each in found or _plain(each) in found}


def _plain(prediction_id: str) -> str:
    """The id under which a request of one row is logged, whose row may be named by its number."""
    return prediction_id[:ID_CHARS] if prediction_id[ID_CHARS:] == "-0" else prediction_id


def _live(folder: Path, ids: set[str], models: set[str]) -> set[str]:
    needles = sorted({each[:ID_CHARS].encode() for each in ids})
    found: set[str] = set()
    for path in layout.segments(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:  # sealed since it was listed
            continue
        with file:
            for needle in needles if len(needles) <= FEW else (b"",):
                file.seek(0)
                for chunk in read_chunks(file, path.stem, FORM, containing=needle):
                    theirs = [record for record in chunk.found if record.model in models]
                    found |= ids.intersection(prediction_ids(theirs).to_pylist())
    return found


def _settled(folder: Path, ids: set[str], model: str, bucket: Bucket | None) -> set[str]:
    """What sealed files hold, when none has vanished under the reading."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _sealed(folder, ids, model, bucket)
        except catalogue.Moved:
            continue
    return _sealed(folder, ids, model, bucket)


def _sealed(folder: Path, ids: set[str], model: str, bucket: Bucket | None) -> set[str]:
    days = {day for each in ids for day in _days(each)}
    wanted = pc.field("prediction_id").isin(sorted(ids))
    above = layout.model_dir(folder, model)
    found: set[str] = set()
    for _, files in catalogue.days(
        folder,
        above,
        bucket=bucket,
        is_wanted=days.__contains__,
        live=set(),
        on_broken=catalogue.pass_over,
    ):
        for table in catalogue.readable(files, columns=["prediction_id"], filters=wanted):
            found.update(table["prediction_id"].to_pylist())
    return found


def _days(prediction_id: str) -> tuple[str, str]:
    made_s = min(int(prediction_id[:8] + prediction_id[9:13], 16) / 1000, LATEST_TS_S - 2 * LATE_S)
    return _day(made_s), _day(made_s + LATE_S)


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d")
