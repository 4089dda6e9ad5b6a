import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.prediction_log import layout, outcomes
from serving.prediction_log.judge import judge
from serving.prediction_log.lines import RecordError
from serving.prediction_log.outcomes import Outcome, decode, encode, join, latest, to_table
from serving.prediction_log.read import read, read_outcomes
from serving.prediction_log.record import new_prediction_id
from serving.prediction_log.seal import seal_outcomes, seal_segments
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, write, write_outcomes

DAY_S = 86_400


def made_id(ts_s=NOON):
    return new_prediction_id(lambda: ts_s)


def outcome(name, label_json=None, value=None, ts_s=NOON, received_s=NOON):
    return Outcome(name, label_json, value, ts_s, received_s)


def last(*told):
    return [tuple(row.values())[:3] for row in latest(to_table(told)).to_pylist()]


def joined(folder, **options):
    table = read(folder, model="churn", outcomes=True, **options)
    return dict(zip(*(table[name].to_pylist() for name in ("prediction_id", "label")), strict=True))


def test_a_line_is_read_as_it_was_written():
    told = outcome("a", '"yes"', 2.5, NOON, NOON + 1)
    assert decode(encode(told)) == told


@pytest.mark.parametrize("line", [b"{}\n", b"nul\n", b"[1]\n", encode(outcome("a"))[:-9] + b'"x"}\n'])
def test_a_line_that_is_no_outcome_is_refused(line):
    with pytest.raises(RecordError, match="must be"):
        decode(line)


def test_the_last_ts_wins_whenever_it_came():
    assert last(outcome("a", "1", ts_s=9, received_s=10), outcome("a", "2", ts_s=8, received_s=11)) == [
        ("a", "1", None)
    ]


def test_at_the_same_ts_the_last_to_come_wins():
    assert last(outcome("a", "1", received_s=11), outcome("a", "2", received_s=10)) == [("a", "1", None)]
    assert last(outcome("a", "1"), outcome("a", "2")) == [("a", "2", None)]


def test_a_value_that_comes_after_a_label_leaves_the_label():
    assert last(outcome("a", "1"), outcome("a", None, 5.0, NOON + 1)) == [("a", "1", 5.0)]


TOLD = st.builds(
    Outcome,
    st.sampled_from("abc"),
    st.sampled_from([None, "1", '"x"']),
    st.sampled_from([None, 1.0, 2.0]),
    st.integers(0, 3).map(float),
    st.integers(0, 3).map(float),
)


@given(st.lists(TOLD, max_size=12))
def test_latest_is_what_a_plain_loop_finds(told):
    found: dict[str, list] = {}
    for name, label, value, *_ in sorted(told, key=lambda each: (each.ts_s, each.received_s)):
        kept = found.setdefault(name, [None, None])
        found[name] = [kept[0] if label is None else label, kept[1] if value is None else value]
    assert sorted(last(*told)) == sorted((name, *kept) for name, kept in found.items())


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "0", None], pa.int64()), (["1", "0.5"], pa.float64()), (['"yes"', '"n\\u00f6"'], pa.string()),
        (["true", "false"], pa.bool_()), (['"1"', "1"], pa.string()), ([None], pa.null()),
    ],
)  # fmt: skip
def test_labels_get_the_kind_that_holds_them_all(texts, kind):
    assert outcomes.labels(pa.chunked_array([texts], pa.string())).type == kind


def test_models_of_other_labels_do_not_change_a_models_labels(tmp_path):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b", model="other"))
    write_outcomes(tmp_path, "a", label=1)
    write_outcomes(tmp_path, "b", label="yes")
    seal_outcomes(tmp_path)
    assert joined(tmp_path) == {"a": 1}


@pytest.mark.parametrize("seals", [(), (seal_segments,), (seal_outcomes,), (seal_segments, seal_outcomes)])
def test_live_and_sealed_are_joined_alike(tmp_path, seals):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b"))
    write_outcomes(tmp_path, "b", "c", label=True)
    for seal in seals:
        seal(tmp_path)
    assert joined(tmp_path) == {"a": None, "b": True}


def test_a_label_that_comes_weeks_later_is_joined(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    write_outcomes(tmp_path, "a", label=1, received_s=NOON + 40 * DAY_S, ts_s=NOON + 40 * DAY_S)
    seal_outcomes(tmp_path)
    assert joined(tmp_path, until_s=NOON + DAY_S) == {"a": 1}


def test_outcomes_of_a_clock_that_was_set_back_a_day_are_joined(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    write_outcomes(tmp_path, "a", label=1, received_s=NOON - DAY_S, ts_s=NOON - DAY_S)
    seal_outcomes(tmp_path)
    assert joined(tmp_path) == {"a": 1}


def test_the_only_row_of_a_request_may_be_named_as_a_batchs_first():
    predictions = pa.table({"prediction_id": ["a", "b-0", "b-1"]})
    told = to_table([outcome("a-0", "1"), outcome("b-0", "2"), outcome("b", "3")])
    assert join(predictions, told)["label"].to_pylist() == [1, 2, None]


def test_without_outcomes_the_columns_are_there(tmp_path):
    write(tmp_path, make_record())
    table = read(tmp_path, model="churn", outcomes=True)
    assert table.select(["label", "value", "outcome_ts"]).to_pylist() == [
        {"label": None, "value": None, "outcome_ts": None}
    ]


def test_an_empty_log_has_no_outcomes(tmp_path):
    assert read(tmp_path, model="churn", outcomes=True).num_rows == 0
    assert read_outcomes(tmp_path).num_rows == 0


def counts(folder, *names, **changes):
    write_outcomes(folder, *names, **changes)
    return {kind: count for kind, count in judge(folder, seal_outcomes(folder).files).items() if count}


def test_outcomes_of_logged_predictions_match_live_and_sealed(tmp_path):
    sealed, live = made_id(), made_id()
    write(tmp_path, make_record(prediction_id=sealed))
    seal_segments(tmp_path)
    write(tmp_path, make_record(prediction_id=live))
    assert counts(tmp_path, sealed, f"{live}-0") == {"matched": 2}


def test_an_outcome_of_no_logged_prediction_is_unknown(tmp_path):
    write(tmp_path, make_record(prediction_id=made_id()))
    seal_segments(tmp_path)
    assert counts(tmp_path, made_id()) == {"unknown": 1}


def test_a_prediction_older_than_all_that_is_kept_is_not_unknown(tmp_path):
    write(tmp_path, make_record(prediction_id=made_id()))
    seal_segments(tmp_path)
    assert counts(tmp_path, made_id(NOON - 9 * DAY_S)) == {"late": 1}


def test_what_was_told_before_is_repeated(tmp_path):
    name = made_id()
    write(tmp_path, make_record(prediction_id=name))
    assert counts(tmp_path, name, name) == {"matched": 1, "repeated": 1}
    assert counts(tmp_path, name) == {"repeated": 1}


def test_a_label_after_a_value_is_no_repetition(tmp_path):
    name = made_id()
    write(tmp_path, make_record(prediction_id=name))
    counts(tmp_path, name)
    assert counts(tmp_path, name, label=1, value=None) == {"matched": 1}


def test_what_comes_more_than_a_day_after_its_prediction_is_late(tmp_path):
    name = made_id()
    write(tmp_path, make_record(prediction_id=name))
    assert counts(tmp_path, name, received_s=NOON + 2 * DAY_S) == {"late": 1}


def test_outcomes_lie_by_the_day_they_came(tmp_path):
    write_outcomes(tmp_path, "a", received_s=NOON + DAY_S)
    (file,) = seal_outcomes(tmp_path).files
    assert file.parent == layout.outcomes_dir(tmp_path) / "sealed" / "day=2026-08-01"
