import pytest

from penstock.lineage.counts import Count, Named, counts, newest
from penstock.lineage.record import find, parse_id
from serving.prediction_log.compact import compact
from serving.prediction_log.record import encode, new_prediction_id
from serving.prediction_log.seal import seal_segments
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, open_writer, write


def made(seconds=0.0, **changes):
    """A record with an id of its time."""
    time_s = NOON + seconds
    return make_record(
        prediction_id=new_prediction_id(lambda: time_s), ts_s=time_s, **({"version": "3"} | changes)
    )


MANY = {"rows": [[1, "x"]] * 12, "predictions": [0] * 12, "probabilities": None}


@pytest.fixture
def log(tmp_path):
    """One row, twelve rows, another model's, a day later: sealed, and sealed, and live."""
    records = [made(), made(1, **MANY), made(2, model="other"), made(86_400)]
    write(tmp_path, *records[:2])
    seal_segments(tmp_path)
    write(tmp_path, records[2])
    seal_segments(tmp_path)
    writer = open_writer(tmp_path)
    writer.append(encode(records[3]))
    yield tmp_path, [record.prediction_id for record in records]
    writer.close()


def found(folder, text):
    return [row["prediction_id"] for row in find(folder, parse_id(text))]


@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_prediction_is_found_by_its_id_alone(log, place):
    folder, names = log
    assert found(folder, names[place]) == [names[place]]


def test_a_record_is_given_as_it_was_logged(log):
    folder, names = log
    (row,) = find(folder, parse_id(names[2]))
    assert (row["model"], row["features"], row["user_key"]) == (
        "other",
        {"tenure": 12.5, "plan": "basic"},
        None,
    )


def test_all_rows_of_a_request_are_found_in_their_order(log):
    folder, names = log
    assert found(folder, names[1]) == [f"{names[1]}-{row}" for row in range(12)]


def test_one_row_of_a_request_is_found(log):
    folder, names = log
    assert found(folder, f"{names[1]}-1") == [f"{names[1]}-1"]
    assert found(folder, f"{names[1]}-12") == []


def test_the_first_row_of_a_request_of_one_is_the_request(log):
    folder, names = log
    assert found(folder, f"{names[0]}-0") == [names[0]]
    assert found(folder, f"{names[0]}-1") == []


def test_merged_files_are_read_once(log):
    folder, names = log
    write(folder, made(3))
    seal_segments(folder)
    compact(folder, "2026-08-02")
    assert found(folder, names[0]) == [names[0]]


def test_a_shadows_copy_is_no_answer(log):
    folder, _ = log
    shadow = made(4, shadow=True)
    write(folder, shadow)
    assert found(folder, shadow.prediction_id) == []
    seal_segments(folder)
    assert found(folder, shadow.prediction_id) == []


def test_an_unknown_id_and_an_absent_log_hold_nothing(log, tmp_path):
    assert found(log[0], new_prediction_id(lambda: NOON)) == []
    assert found(tmp_path / "nowhere", new_prediction_id(lambda: NOON)) == []


@pytest.mark.parametrize(
    "text",
    ["", "x", "../../etc/passwd", "'; DROP TABLE x; --", "\ud800", "0" * 36,
     "6f0c1f6e-6a55-5c0b-9d0e-5b1b0a3f7c1d", "ffffffff-ffff-7fff-bfff-ffffffffffff",
     "019FB8CE-0000-7000-8000-000000000000", "019fb8ce-0000-7000-8000-000000000000-x",
     "019fb8ce-0000-7000-8000-000000000000-", "019fb8ce-0000-7000-8000-000000000000-\u0663"],
)  # fmt: skip
def test_what_is_no_id_of_the_logs_is_known_as_such(text):
    assert parse_id(text) is None


def test_an_id_tells_when_it_was_made():
    wanted = parse_id(f"{new_prediction_id(lambda: NOON)}-7")
    assert (wanted.made_s, wanted.row) == (NOON, "7")


def test_the_rows_of_versions_are_counted_with_their_times(log):
    folder, _ = log
    write(folder, made(5, version="4"), made(6, shadow=True))
    assert counts(folder, "churn", ["3", "9"]) == {"3": Count(14, NOON, NOON + 86_400), "9": Count()}


@pytest.mark.parametrize("most", [1, 4, 5, 20])
def test_pages_of_ids_hold_each_once_newest_first(log, most):
    folder, names = log
    every, before = [], None
    span = {"since_s": NOON - 1e6, "until_s": NOON + 1e6}
    while some := newest(folder, "churn", "3", before=before, most=most, **span):
        every += some
        before = some[-1]
    rows = [f"{names[1]}-{row}" for row in range(12)]
    assert [each.prediction_id for each in every] == [names[3], *sorted(rows, reverse=True), names[0]]
    assert every[0] == Named(names[3], round((NOON + 86_400) * 1e6))
