"""Records as the gateway makes them, for the tests of the prediction log."""

from itertools import count
from pathlib import Path

import orjson

from serving.prediction_log import outcomes
from serving.prediction_log.layout import outcomes_dir
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record, encode
from serving.prediction_log.segment import SegmentWriter

NOON = 1_785_499_200.0  # 2026-07-31T12:00:00Z
_numbers = count()


def make_record(**changes: object) -> Record:
    base = Record(
        prediction_id=f"id{next(_numbers):08d}",
        ts_s=NOON,
        model="churn",
        version="3",
        variant="champion",
        shadow=False,
        request_id=None,
        user_key=None,
        columns=("tenure", "plan"),
        rows=[[12.5, "basic"]],
        predictions=[1],
        probabilities=[[0.25, 0.75]],
        latency_us=420,
    )
    return base._replace(**changes)


def open_writer(folder: Path, *, max_bytes: int = 1 << 20, max_age_s: float = 300.0) -> SegmentWriter:
    return SegmentWriter(folder, max_bytes=max_bytes, max_age_s=max_age_s, clock=lambda: NOON)


def write(folder: Path, *records: Record) -> None:
    """One closed segment with these records."""
    writer = open_writer(folder)
    for record in records:
        writer.append(encode(record))
    writer.close()


def write_outcomes(folder: Path, *prediction_ids: str, **changes: object) -> None:
    """Outcomes of predictions, in a segment of their own."""
    label = changes.pop("label", None)
    fields = {"label_json": orjson.dumps(label).decode() if label is not None else None, "value": 1.0}
    writer = open_writer(outcomes_dir(folder))
    for name in prediction_ids:
        made = Outcome(name, **fields | {"ts_s": NOON, "received_s": NOON} | changes)  # type: ignore[arg-type]
        writer.append(outcomes.encode(made))
    writer.close()
