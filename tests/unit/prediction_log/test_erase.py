import pytest

from serving.prediction_log.compact import compact
from serving.prediction_log.erase import erase
from serving.prediction_log.read import read, read_outcomes
from serving.prediction_log.record import encode
from serving.prediction_log.retention import Keeping
from serving.prediction_log.upkeep import keep_up
from tests.unit.prediction_log.prediction_log_fixtures import make_record, open_writer, write, write_outcomes


def ids(folder):
    return sorted(read(folder, model="churn")["prediction_id"].to_pylist())


@pytest.fixture
def log(tmp_path):
    write(tmp_path, make_record(prediction_id="a", user_key="ann"), make_record(prediction_id="b"))
    write(
        tmp_path,
        make_record(
            prediction_id="c", user_key="ann", rows=[[1, "x"]] * 2, predictions=[0, 1], probabilities=None
        ),
        make_record(prediction_id="d", user_key="ben"),
    )
    write_outcomes(tmp_path, "a", "b", "c-1")
    return tmp_path


def test_all_of_a_users_rows_and_their_outcomes_go(log):
    erased = erase(log, None, user_key="ann")
    assert (erased.predictions, erased.outcomes, erased.open_segments) == (3, 2, 0)
    assert ids(log) == ["b", "d"]
    assert read_outcomes(log)["prediction_id"].to_pylist() == ["b"]


def test_all_rows_of_a_request_go(log):
    assert erase(log, None, prediction_id="c").predictions == 2
    assert ids(log) == ["a", "b", "d"]


def test_one_row_of_a_request_goes(log):
    assert erase(log, None, prediction_id="c-0").predictions == 1
    assert "c-1" in ids(log)


def test_nobody_else_goes(log):
    assert erase(log, None, user_key="nobody").predictions == 0
    assert len(ids(log)) == 5


def test_a_merged_file_still_stands_for_its_sources(log):
    keep_up(log, Keeping(), None, 0.0)
    kept = {path: path.read_bytes() for path in log.rglob("*.parquet")}
    compact(log, "2026-08-01")
    for path, data in kept.items():
        path.write_bytes(data)
    erase(log, None, user_key="ann")
    assert ids(log) == ["b", "d"]


def test_open_segments_are_told(log):
    writer = open_writer(log)
    writer.append(encode(make_record(prediction_id="e", user_key="ann")))
    assert erase(log, None, user_key="ann").open_segments == 1
    assert "e" in ids(log)
    writer.close()


def test_several_keys_of_one_person_go_at_once(log):
    assert erase(log, None, user_keys=["ann", "ben"]).predictions == 4
    assert ids(log) == ["b"]


def test_only_the_models_that_are_named_are_touched(log):
    write(log, make_record(prediction_id="x", user_key="ann", model="other"))
    assert erase(log, None, user_keys=["ann"], models=["other"]).predictions == 1
    assert len(ids(log)) == 5
    assert read(log, model="other").num_rows == 0


@pytest.mark.parametrize(("request_id", "named"), [(None, "a2"), ("of-the-caller", "of-the-caller")])
def test_a_shadows_copy_goes_with_what_it_copied(log, request_id, named):
    write(
        log,
        make_record(prediction_id="a2", user_key="ann", request_id=request_id),
        make_record(prediction_id="s", shadow=True, request_id=named, model="other"),
        make_record(prediction_id="t", shadow=True, request_id="another", model="other"),
    )
    erase(log, None, user_key="ann", models=["churn"])
    assert read(log, model="other", shadow=True)["prediction_id"].to_pylist() == ["t"]


def test_what_came_after_the_rows_went_is_found_by_their_ids(log):
    first = erase(log, None, user_key="ann")
    write(log, make_record(prediction_id="s", shadow=True, request_id="a"))
    write_outcomes(log, "a")
    again = erase(log, None, gone_ids=first.ids, gone_requests=first.requests)
    assert (again.predictions, again.outcomes) == (1, 1)
    assert read_outcomes(log)["prediction_id"].to_pylist() == ["b"]
