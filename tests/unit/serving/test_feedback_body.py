import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import new_prediction_id
from serving.protocol.errors import RequestError
from serving.protocol.feedback_body import read_feedback

NOW = 1_785_499_200.0
ID = "01989e2b-5c7e-7abc-8def-0123456789ab"


def read(*items):
    return read_feedback(json.dumps(items).encode(), NOW)


def refusal(**fields):
    found = read({"prediction_id": ID} | fields)
    assert found.outcomes == []
    return found.refused[0].message


def test_one_object_is_taken_as_a_list_of_one_is():
    item = {"prediction_id": ID, "label": "yes", "value": 2, "ts": NOW - 5}
    assert read_feedback(json.dumps(item).encode(), NOW) == read(item)
    assert read(item).outcomes == [Outcome(ID, '"yes"', 2.0, NOW - 5, NOW)]


@pytest.mark.parametrize("label", [1, 0.5, "yes", True, False, 0, "", 2**60])
def test_a_label_is_a_number_a_text_or_a_boolean(label):
    assert json.loads(read({"prediction_id": ID, "label": label}).outcomes[0].label_json) == label


@pytest.mark.parametrize("name", [ID, ID.upper(), f"{ID}-0", f"{ID}-41"])
def test_an_id_is_a_requests_or_a_rows(name):
    assert read({"prediction_id": name, "label": 1}).outcomes[0].prediction_id == name.lower()


def test_without_ts_it_is_so_since_it_came():
    assert read({"prediction_id": ID, "label": 1}).outcomes[0].ts_s == NOW


@pytest.mark.parametrize(
    ("text", "ts_s"),
    [("2026-07-31T12:00:00Z", NOW), ("2026-07-31T14:00:00+02:00", NOW), ("2026-07-31", NOW - 43_200)],
)
def test_ts_may_be_a_time_in_words(text, ts_s):
    assert read({"prediction_id": ID, "label": 1, "ts": text}).outcomes[0].ts_s == ts_s


@pytest.mark.parametrize(
    "name", [None, 1, "", "x", f"{ID}-", f"{ID}-01", f"{ID}-1-1", f"{ID}\n", ID[:-1] + "g"]
)
def test_another_id_is_refused(name):
    assert refusal(prediction_id=name, label=1).startswith(
        "prediction_id must be an answer's X-Prediction-Id"
    )


def test_an_id_of_tomorrow_is_refused():
    said = refusal(prediction_id=new_prediction_id(lambda: NOW + 200_000), label=1)
    assert said.endswith("is of a prediction that is yet to be made")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "must have a label or a value"),
        ({"label": None, "value": None}, "must have a label or a value"),
        ({"label": [1]}, "label must be a number, a text, true or false, not [1]"),
        ({"label": "x" * 1001}, "label must be at most 1000 characters, not 1001"),
        ({"value": "12"}, 'value must be a number, not "12"'),
        ({"value": True}, "value must be a number, not true"),
        ({"label": 1, "lable": 2}, "'lable' is no key of feedback; did you mean 'label'?"),
        ({"label": 1, "ts": "soon"}, "ts must be seconds since 1970 or a time like 2026-07-31T12:00:00Z"),
        ({"label": 1, "ts": -1}, "ts must be seconds since 1970"),
        ({"label": 1, "ts": NOW * 1000}, "is it in seconds?"),
    ],
)
def test_a_bad_object_is_refused_with_a_sentence(fields, said):
    assert said in refusal(**fields)


@pytest.mark.parametrize(
    "body", [b"", b"nul", b'[{"value": NaN}]', b'[{"value": 1e999}]', b'"x"', b"1", b"\xff"]
)
def test_a_body_that_is_no_object_or_list_is_refused(body):
    with pytest.raises(RequestError, match="the body must be JSON: ") as caught:
        read_feedback(body, NOW)
    assert caught.value.status == 400


def test_each_object_is_taken_or_refused_by_itself():
    found = read({"prediction_id": ID, "label": 1}, 5, {"prediction_id": ID, "value": 1})
    assert [len(found.outcomes), [refused.index for refused in found.refused]] == [2, [1]]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
ITEMS = st.fixed_dictionaries(
    {}, optional={"prediction_id": st.just(ID) | JSONS, "label": JSONS, "value": JSONS, "ts": JSONS}
)


@given(JSONS | ITEMS | st.lists(ITEMS | JSONS, max_size=4))
def test_whatever_comes_is_taken_or_refused_in_words(value):
    try:
        found = read_feedback(json.dumps(value).encode(), NOW)
    except RequestError:
        return
    count = len(value) if isinstance(value, list) else 1
    assert len(found.outcomes) + len(found.refused) == count
    assert all(math.isfinite(told.ts_s) for told in found.outcomes)
