"""How many predictions versions have made, when, and which: read from the log in bounded memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

LATEST_S = 32_503_680_000.0
"""The year 3000: later than any prediction."""
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Count:
    """What a version has answered; shadows left out.

    Attributes:
        predictions: How many rows.
        first_s: When the first was answered, in seconds since 1970; 0 for never.
        last_s: When the last was.
    """

    predictions: int = 0
    first_s: float = 0.0
    last_s: float = 0.0

    def with_more(self, predictions: int, first_s: float, last_s: float) -> "Count":
        """This and some more."""
        if not self.predictions:
            return Count(predictions, first_s, last_s)
        return Count(self.predictions + predictions, min(self.first_s, first_s), max(self.last_s, last_s))


def counts(
    folder: Path, model: str, versions: Collection[str], *, since_s: float = 0.0, s3_uri: str = ""
) -> Mapping[str, Count]:
    """What versions of a model have answered.

    Args:
        folder: The log's folder.
        model: The registered model.
        versions: Its versions.
        since_s: From when on they can have answered, in seconds since 1970.
        s3_uri: The log's copy.

    Raises:
        BucketError: The bucket cannot be read.
    """
    import pyarrow as pa

    from serving.prediction_log.scan import Scanner, Wanted

    found = dict.fromkeys(versions, Count())
    wanted = Wanted(model, since_s, LATEST_S, columns=("version", "ts"))
    for part in Scanner(folder, s3_uri).predictions(wanted):
        micros = part.table.set_column(1, "ts", part.table["ts"].cast(pa.int64()))
        grouped = micros.group_by("version").aggregate([("ts", "count"), ("ts", "min"), ("ts", "max")])
        for row in grouped.to_pylist():
            if row["version"] in found:
                span = row["ts_min"] / 1e6, row["ts_max"] / 1e6
                found[row["version"]] = found[row["version"]].with_more(row["ts_count"], *span)
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """A prediction: its id, and when it was answered, in microseconds since 1970."""

    prediction_id: str
    ts_us: int


def newest(
    folder: Path,
    model: str,
    version: str,
    *,
    since_s: float,
    until_s: float,
    before: Named | None = None,
    most: int = 100,
    s3_uri: str = "",
) -> list[Named]:
    """The predictions of a version, newest first.

    Args:
        folder: The log's folder.
        model: The registered model.
        version: Its version.
        since_s: Its first prediction is from then or later, in seconds since 1970.
        until_s: Its last prediction is from before then.
        before: Only those behind this one of an earlier page.
        most: At most so many.
        s3_uri: The log's copy.

    Raises:
        BucketError: The bucket cannot be read.
    """
    import pyarrow as pa

    from serving.prediction_log.scan import Scanner, Wanted

    end_s = until_s if before is None else min(until_s, before.ts_us / 1e6 + 1e-6)
    scanner = Scanner(folder, s3_uri)
    kept = pa.schema([("prediction_id", pa.string()), ("ts", pa.int64())]).empty_table()
    span_s = _DAY_S
    while end_s > since_s and kept.num_rows < most:
        start_s = max(since_s, end_s - span_s)
        wanted = Wanted(model, start_s, end_s, version, columns=("prediction_id", "ts"))
        for part in scanner.predictions(wanted):
            some = part.table.set_column(1, "ts", part.table["ts"].cast(pa.int64()))
            if before is not None:
                some = some.filter(_is_behind(some, before))
            kept = _first(pa.concat_tables([kept, some]), most)
        # A quiet version's days are passed over in ever larger steps.
        end_s, span_s = start_s, span_s * 2
    return [
        Named(*pair) for pair in zip(kept["prediction_id"].to_pylist(), kept["ts"].to_pylist(), strict=True)
    ]


def _is_behind(table: "pa.Table", before: Named) -> "pa.ChunkedArray":
    import pyarrow.compute as pc

    same = pc.and_(pc.equal(table["ts"], before.ts_us), pc.less(table["prediction_id"], before.prediction_id))
    return pc.or_(pc.less(table["ts"], before.ts_us), same)


def _first(table: "pa.Table", most: int) -> "pa.Table":
    import pyarrow.compute as pc

    order = pc.sort_indices(table, [("ts", "descending"), ("prediction_id", "descending")])
    return table.take(order[:most])
