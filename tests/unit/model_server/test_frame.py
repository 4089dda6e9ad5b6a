"""A scored request as one block of bytes."""

import re
import struct

import numpy as np
import orjson
import pytest

from serving.model_server.frame import FrameError, pack, unpack
from serving.prediction_log.record import Record, decode, encode
from serving.scorers.scorer import Scored, opened

SCORED = Scored(
    b'{"predictions": [NaN]}',
    ("a", "b"),
    [[1.5, "x\n"], [None, "ü"]],
    ["yes", "no"],
    [[0.25, 0.75], [1.0, 0.0]],
    ((b"content-type", b"text/plain"),),
)


def test_what_is_packed_is_unpacked() -> None:
    found = unpack(pack(SCORED))
    assert (found.body, found.columns, found.count, found.headers) == (
        SCORED.body,
        SCORED.columns,
        2,
        SCORED.headers,
    )
    assert [opened(part) for part in (found.rows, found.predictions, found.probabilities)] == [
        SCORED.rows,
        SCORED.predictions,
        SCORED.probabilities,
    ]


def test_the_logs_line_is_the_one_that_the_other_process_would_write() -> None:
    def line(scored: Scored) -> bytes:
        parts = (scored.columns, scored.rows, scored.predictions, scored.probabilities)
        return encode(Record("id", 1.0, "m", "1", "champion", False, None, None, *parts, 7))

    assert line(unpack(pack(SCORED))) == line(SCORED)
    assert decode(line(unpack(pack(SCORED)))).rows == SCORED.rows


@pytest.mark.parametrize(
    ("predictions", "written"),
    [
        ([float("nan")], [None]),
        ([2**70], [float(2**70)]),
        ([np.float64(0.5)], [0.5]),
        (["\udcff"], ["?"]),
        ([object], ["<class 'object'>"]),
    ],
)
def test_predictions_that_json_has_no_form_for_are_written_as_the_log_writes_them(
    predictions: list[object], written: list[object]
) -> None:
    found = unpack(pack(Scored(b"", ("a",), [[1]], predictions, None)))
    assert opened(found.predictions) == written
    assert found.probabilities is None


@pytest.mark.parametrize("length", [0, 10, 27, 40])
def test_bytes_that_are_cut_short_are_refused(length: int) -> None:
    with pytest.raises(FrameError):
        unpack(pack(SCORED)[:length])


def test_a_part_that_would_break_the_logs_lines_is_refused() -> None:
    parts = [b'["a"]', b"[[1],\n[2]]", b'["x"]', b"null", b""]
    frame = struct.pack("<4sIIIIII", b"PSC1", 1, *map(len, parts)) + b"".join(parts)
    with pytest.raises(FrameError, match=re.escape("a frame's parts must be JSON on one line")):
        unpack(frame)


def test_columns_that_are_no_list_are_refused() -> None:
    parts = [b"5", orjson.dumps([[1]]), b"[1]", b"null", b""]
    frame = struct.pack("<4sIIIIII", b"PSC1", 1, *map(len, parts)) + b"".join(parts)
    with pytest.raises(FrameError, match="columns must be a list of names"):
        unpack(frame)
