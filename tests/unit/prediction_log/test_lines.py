"""Reading many lines at once finds what reading them one by one finds."""

import io

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.prediction_log import lines
from serving.prediction_log.lines import Form, RecordError, read_chunks
from serving.prediction_log.record import FORM, decode, encode
from serving.prediction_log.tables import merge, to_table
from tests.unit.prediction_log.prediction_log_fixtures import make_record

SLOW = Form(decode, lambda _: None)
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=4),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(0, 3), max_size=2),
)  # fmt: skip
NAMES = st.lists(st.sampled_from("abc"), max_size=3)


@st.composite
def good_lines(draw):
    columns = draw(NAMES)
    rows = draw(st.lists(st.tuples(*[CELLS] * len(columns)).map(list), max_size=3))
    probabilities = draw(st.sampled_from([None, [[0.5, None]] * len(rows)]))
    predictions = [draw(CELLS) for _ in rows]
    return encode(
        make_record(columns=tuple(columns), rows=rows, predictions=predictions, probabilities=probabilities)
    )


@st.composite
def odd_lines(draw):
    fields = orjson.loads(encode(make_record()))
    key = draw(st.sampled_from(sorted(fields)))
    if draw(st.booleans()):
        fields[key] = draw(st.one_of(CELLS, st.lists(CELLS, max_size=3), st.just([["a"], ["b"]])))
    else:
        del fields[key]
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


MISSHAPEN = [
    ("rows", [[1.0]]), ("rows", [[1.0, "a", 2]]), ("rows", [{"a": 1, "b": 2}]), ("rows", []),
    ("predictions", []),
    ("probabilities", []), ("probabilities", [[0.5], [0.5]]), ("probabilities", [{"0": 1}]),
    ("probabilities", [["x"]]), ("columns", ["a", 1]), ("ts_s", -1), ("ts_s", 1e15), ("latency_us", 2**63),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), MISSHAPEN)
def test_a_misshapen_line_is_refused_among_good_ones(key, value):
    good = encode(make_record())
    bad = orjson.dumps(orjson.loads(good) | {key: value}, option=orjson.OPT_APPEND_NEWLINE)
    found, broken = found_by(FORM, good + bad + good)
    assert (len(found), [line.number for line in broken]) == (2, [2])


ODD = st.one_of(odd_lines(), st.sampled_from([b"\n", b"{}\n", b"1,2\n", b"[\n", b"]\n", b'{"a":[\n', b"nul"]))


def found_by(form, data, containing=b""):
    chunks = list(read_chunks(io.BytesIO(data), "s", form, containing=containing))
    return [record for chunk in chunks for record in chunk.found], [
        line for chunk in chunks for line in chunk.broken
    ]


@given(st.lists(st.one_of(good_lines(), ODD), max_size=8), st.sampled_from([b"", b'"churn"']))
@settings(max_examples=300)
def test_chunks_hold_what_single_lines_hold(written, containing):
    data = b"".join(written)
    fast, slow = (found_by(form, data, containing) for form in (FORM, SLOW))
    assert fast == slow
    assert merge([to_table([record]) for record in fast[0]]).equals(
        merge([to_table([record]) for record in slow[0]])
    )


@given(st.lists(good_lines(), min_size=2, max_size=8), st.integers(1, 40))
@settings(max_examples=50)
def test_a_last_line_that_is_cut_short_is_named_and_the_others_are_read_at_once(written, cut):
    data = b"".join(written)[:-cut]
    found, broken = found_by(Form(lambda _: pytest.fail("read one by one"), FORM.many), data)
    assert len(found) == data.count(b"\n")
    assert [line.number for line in broken] == ([data.count(b"\n") + 1] if not data.endswith(b"\n") else [])


def test_broken_lines_are_numbered_over_chunks(monkeypatch):
    monkeypatch.setattr(lines, "CHUNK_BYTES", 1)
    good = encode(make_record())
    assert [line.number for line in found_by(FORM, good + b"{}\n" + good + b"[]\n")[1]] == [2, 4]


def test_what_is_wrong_with_a_line_is_said():
    with pytest.raises(RecordError, match="must have the fields prediction_id"):
        decode(b"{}\n")
