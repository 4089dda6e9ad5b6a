"""What became of predictions: labels and business values that came later, by prediction id.

One JSON line an outcome, in segments of their own, sealed by the UTC day of arrival. A label is kept as its
JSON text, so that one file holds the numbers of one model and the words of another. Of several outcomes of
one prediction the one with the last `ts` wins, then the last that came; label and value each by itself, so
that a value which comes after a label does not wipe it out.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from serving.prediction_log.lines import Form, RecordError
from serving.prediction_log.record import LATEST_TS_S
from serving.prediction_log.tables import column

TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("prediction_id", pa.string()),
        ("label_json", pa.string()),
        ("value", pa.float64()),
        ("ts", TIME),
        ("received", TIME),
    ]
)


class Outcome(NamedTuple):
    """What became of one prediction.

    Attributes:
        prediction_id: The prediction's id; `<id>-<row>` for a row of a batch.
        label_json: The true label as JSON, or None.
        value: What it was worth, or None.
        ts_s: When it was so, in seconds since 1970 (UTC).
        received_s: When it came.
    """

    prediction_id: str
    label_json: str | None
    value: float | None
    ts_s: float
    received_s: float


_TEXT, _NUMBER = frozenset({str}), frozenset({int, float})
_KINDS = (_TEXT, _TEXT | {type(None)}, _NUMBER | {type(None)}, _NUMBER, _NUMBER)


def encode(outcome: Outcome) -> bytes:
    """The outcome as one JSON line, its newline included."""
    return orjson.dumps(outcome._asdict(), option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> Outcome:
    """Read a line that `encode` wrote.

    Raises:
        RecordError: The line is no outcome.
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RecordError(f"must be a JSON object; {error}") from error
    found = decode_many([fields])
    if found is None:
        raise RecordError(f"must be an outcome with the fields {', '.join(Outcome._fields)}")
    return found[0]


def decode_many(parsed: Sequence[object]) -> list[Outcome] | None:
    """Read parsed lines; None when any is no outcome."""
    try:
        fields = list(zip(*map(itemgetter(*Outcome._fields), parsed), strict=True))  # type: ignore[arg-type]
    except (KeyError, TypeError):
        return None
    if not fields:
        return []
    if not all(set(map(type, values)) <= kinds for values, kinds in zip(fields, _KINDS, strict=True)):
        return None
    times = [*fields[3], *fields[4]]
    return [*map(Outcome, *fields)] if min(times) >= 0 and max(times) < LATEST_TS_S else None


FORM = Form(decode, decode_many)


def to_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """Outcomes as a table of `SCHEMA`."""
    fields = list(zip(*outcomes, strict=True)) or [()] * len(SCHEMA)
    times = [[round(time_s * 1e6) for time_s in fields[index]] for index in (3, 4)]
    arrays = [pa.array(values, field.type) for values, field in zip(fields[:3], SCHEMA, strict=False)]
    return pa.table([*arrays, *(pa.array(micros, pa.int64()).cast(TIME) for micros in times)], schema=SCHEMA)


def latest(outcomes: pa.Table) -> pa.Table:
    """One row a prediction: its last label and last value, and when the later of them was so.

    Args:
        outcomes: A table of `SCHEMA`, in the order in which they were written.
    """
    if not outcomes.num_rows:
        return outcomes
    ids = outcomes["prediction_id"].combine_chunks().dictionary_encode()
    if len(ids.dictionary) == outcomes.num_rows:
        return outcomes
    codes = ids.indices.to_numpy()
    order = np.lexsort((_micros(outcomes["received"]), _micros(outcomes["ts"])))
    chosen = {
        name: _last(codes, order[outcomes[name].is_valid().to_numpy()[order]], len(ids.dictionary))
        for name in ("label_json", "value")
    }
    newest = _last(codes, order, len(ids.dictionary))
    return pa.table(
        [
            ids.dictionary,
            outcomes["label_json"].take(chosen["label_json"]),
            outcomes["value"].take(chosen["value"]),
            outcomes["ts"].take(newest),
            outcomes["received"].take(newest),
        ],
        schema=SCHEMA,
    )


def _last(codes: np.ndarray, order: np.ndarray, count: int) -> pa.Array:
    """Each code's last position in `order`; null where it has none."""
    last = np.full(count, -1)
    last[codes[order]] = order  # of a repeated index the last assignment stays, as numpy documents
    return pa.array(last, mask=last < 0)


def _micros(times: pa.ChunkedArray) -> np.ndarray:
    micros: np.ndarray = times.cast(pa.int64()).to_numpy()
    return micros


def join(predictions: pa.Table, outcomes: pa.Table) -> pa.Table:
    """Predictions with the columns label, value and outcome_ts; null where nothing has come.

    A request of one row may be named by its plain id or as `<id>-0`.

    Args:
        predictions: With `prediction_id`.
        outcomes: A table of `SCHEMA`.
    """
    wanted = predictions["prediction_id"]
    outcomes = latest(_by_logged_ids(outcomes, wanted))
    places = pc.index_in(wanted, value_set=outcomes["prediction_id"])
    found = outcomes.select(["label_json", "value", "ts"]).take(places)
    for name, values in (
        ("label", labels(found["label_json"])),
        ("value", found["value"]),
        ("outcome_ts", found["ts"]),
    ):
        predictions = predictions.append_column(name, values)
    return predictions


def _by_logged_ids(outcomes: pa.Table, wanted: pa.ChunkedArray) -> pa.Table:
    """The outcomes of wanted predictions, each by the id that its prediction has on the log."""
    ids = outcomes["prediction_id"]
    is_first = pc.ends_with(ids, "-0")
    if pc.any(is_first).as_py():
        stems = pc.utf8_slice_codeunits(ids, 0, -2)
        is_plain = pc.and_(is_first, pc.is_in(stems, value_set=wanted))
        ids = pc.if_else(is_plain, stems, ids)
        outcomes = outcomes.set_column(0, SCHEMA.field(0), ids)
    return outcomes.filter(pc.is_in(ids, value_set=wanted))


def labels(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Labels from their JSON, as one column of a kind that holds them all."""
    words = texts.combine_chunks().dictionary_encode()
    parsed = orjson.loads(f"[{','.join(words.dictionary.to_pylist())}]")
    return pa.chunked_array([column(parsed, whole=True).take(words.indices)])
