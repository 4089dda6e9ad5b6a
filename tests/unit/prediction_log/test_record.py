import math
import uuid
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.prediction_log.record import RecordError, decode, encode, new_prediction_id
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(st.lists(st.tuples(values, values), max_size=4))
def test_a_record_survives_its_line(rows):
    record = make_record(
        rows=[list(row) for row in rows], predictions=[None for _ in rows], probabilities=None
    )
    assert decode(encode(record)) == record


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_record_is_one_line_whatever_text_it_holds(text):
    line = encode(make_record(request_id=text, columns=(text, "b")))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_nan_and_infinity_become_null():
    record = make_record(rows=[[math.nan, math.inf]])
    assert decode(encode(record)).rows == [[None, None]]


def test_numpy_numbers_are_numbers():
    record = make_record(rows=[[np.float64(1.5), np.int64(2)]])
    assert decode(encode(record)).rows == [[1.5, 2]]


def test_whole_numbers_beyond_64_bits_become_floats():
    assert decode(encode(make_record(rows=[[2**70, 10**400]]))).rows == [[float(2**70), None]]


def test_what_json_has_no_form_for_becomes_text():
    assert decode(encode(make_record(rows=[[Decimal("1.50"), {1: {2}}]]))).rows == [["1.50", {"1": "{2}"}]]


def test_half_a_surrogate_pair_is_replaced():
    assert decode(encode(make_record(rows=[[1.0, "a\ud800b"]]))).rows == [[1.0, "a?b"]]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"prediction_id": "x"', "must be a JSON object"),
        (b"[]", "must have the fields prediction_id"),
        (b"{}", "'prediction_id' is missing"),
        (b"\xff\xfe", "must be a JSON object"),
    ],
)
def test_what_is_no_record_is_said(line, reason):
    with pytest.raises(RecordError, match=reason.replace("(", r"\(")):
        decode(line)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 3}, "'version' must not be of kind int"),
        ({"shadow": 1}, "'shadow' must not be of kind int"),
        ({"rows": [[1.0]]}, "'rows' must be lists of 2 values, one a column"),
        ({"rows": [[1.0, "a"], 7]}, "'rows' must be lists of 2 values, one a column"),
        ({"predictions": [1, 2]}, "'predictions' must be one a row; 1 rows have 2"),
        ({"probabilities": [[0.5], [0.5]]}, "'probabilities' must be one list a row; 1 rows have 2"),
        ({"probabilities": [["much"]]}, "'probabilities' must be numbers"),
        ({"ts_s": -1.0}, "'ts_s' must be seconds since 1970, not -1.0"),
        ({"ts_s": 1e300}, r"'ts_s' must be seconds since 1970, not 1e\+300"),
        ({"columns": ("a", 1)}, "'columns' must hold names"),
        ({"latency_us": 2**63}, "'latency_us' must be microseconds"),
    ],
)
def test_a_record_that_does_not_fit_together_is_refused(changes, reason):
    with pytest.raises(RecordError, match=reason):
        decode(encode(make_record(**changes)))


def test_a_prediction_id_is_a_uuid_of_version_7():
    made = uuid.UUID(new_prediction_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_a_prediction_id_holds_its_millisecond():
    made = uuid.UUID(new_prediction_id(clock=lambda: NOON))
    assert made.int >> 80 == NOON * 1000


def test_prediction_ids_sort_by_time():
    early, late = new_prediction_id(clock=lambda: NOON), new_prediction_id(clock=lambda: NOON + 0.002)
    assert early < late


def test_prediction_ids_of_one_millisecond_differ():
    assert len({new_prediction_id(clock=lambda: NOON) for _ in range(1000)}) == 1000
