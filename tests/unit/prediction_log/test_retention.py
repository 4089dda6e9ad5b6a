import pytest

from serving.prediction_log import layout
from serving.prediction_log.read import read
from serving.prediction_log.retention import Keeping, prune
from serving.prediction_log.seal import seal, seal_outcomes
from serving.prediction_log.upkeep import alone, keep_up
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, write, write_outcomes

DAY_S = 86_400
NAME = "a/b"


def fill(folder, *days, model="churn"):
    for day in days:
        write(folder, make_record(prediction_id=f"{model}{day}", ts_s=NOON - day * DAY_S, model=model))
        write_outcomes(folder, f"{model}{day}", received_s=NOON - day * DAY_S)
    seal(folder)
    seal_outcomes(folder)


def ids(folder, model="churn"):
    return sorted(read(folder, model=model).column("prediction_id").to_pylist())


def outcome_days(folder):
    return len(list((layout.outcomes_dir(folder) / "sealed").glob("day=*")))


def test_by_default_everything_is_kept(tmp_path):
    fill(tmp_path, 0, 400)
    assert prune(tmp_path, Keeping(), NOON, None) == []


def test_days_go_when_their_end_is_too_old(tmp_path):
    fill(tmp_path, 0, 1, 2, 3)
    prune(tmp_path, Keeping(days=2), NOON, None)
    assert ids(tmp_path) == ["churn0", "churn1", "churn2"]
    assert outcome_days(tmp_path) == 3


def test_a_models_policy_overrules_the_setting(tmp_path):
    for model in ("churn", NAME):
        fill(tmp_path, 0, 5, model=model)
    prune(tmp_path, Keeping(days=2, by_model={NAME: 30}), NOON, None)
    assert (ids(tmp_path), ids(tmp_path, NAME)) == (["churn0"], [f"{NAME}0", f"{NAME}5"])


def test_outcomes_stay_as_long_as_any_prediction(tmp_path):
    fill(tmp_path, 0, 5, 50)
    prune(tmp_path, Keeping(days=2, by_model={NAME: 30}), NOON, None)
    assert outcome_days(tmp_path) == 2
    prune(tmp_path, Keeping(by_model={"churn": 1}), NOON, None)
    assert outcome_days(tmp_path) == 2


def test_nothing_that_is_not_sealed_goes(tmp_path):
    write(tmp_path, make_record(prediction_id="a", ts_s=NOON - 90 * DAY_S))
    prune(tmp_path, Keeping(days=1, max_bytes=1), NOON, None)
    assert ids(tmp_path) == ["a"]


def test_too_many_bytes_take_the_oldest_days(tmp_path):
    fill(tmp_path, 0, 1, 2)
    sizes = [
        path.stat().st_size for day in layout.every_day_dir(tmp_path) for path in layout.sealed_files(day)
    ]
    prune(tmp_path, Keeping(max_bytes=sum(sizes) - 1), NOON, None)
    assert len(ids(tmp_path)) + outcome_days(tmp_path) == 5
    prune(tmp_path, Keeping(max_bytes=1), NOON, None)
    assert ids(tmp_path) == []


def test_empty_days_leave_no_folder(tmp_path):
    fill(tmp_path, 5)
    prune(tmp_path, Keeping(days=1), NOON, None)
    assert layout.every_day_dir(tmp_path) == []


def test_upkeep_does_all_at_once(tmp_path):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b", ts_s=NOON - 9 * DAY_S))
    report = keep_up(tmp_path, Keeping(days=2), None, NOON)
    assert (report.predictions.rows, report.pruned, report.problems) == (2, 1, [])
    assert ids(tmp_path) == ["a"]


def test_only_one_process_keeps_a_log_up(tmp_path):
    with alone(tmp_path):
        assert keep_up(tmp_path, Keeping(), None, NOON) is None


def test_a_clock_that_leaps_ahead_prunes_nothing_in_that_round(tmp_path):
    fill(tmp_path, 0)
    for now_s, pruned in ((NOON, 0), (NOON + 90 * DAY_S, 0), (NOON + 90 * DAY_S + 300, 2)):
        assert keep_up(tmp_path, Keeping(days=2), None, now_s).pruned == pruned


def test_what_dead_processes_left_is_swept(tmp_path):
    fill(tmp_path, 0)
    (day, *_) = layout.every_day_dir(tmp_path)
    left = [day / ".x.parquet.tmp", day / ".gone.parquet.uploaded"]
    for path in left:
        path.write_bytes(b"")
    keep_up(tmp_path, Keeping(), None, left[0].stat().st_mtime + 3601)
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("step", ["seal_segments", "compact"])
def test_a_step_that_the_disk_refuses_does_not_keep_the_next_from_being_done(tmp_path, monkeypatch, step):
    fill(tmp_path, 0, 9)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"serving.prediction_log.upkeep.{step}", full)
    report = keep_up(tmp_path, Keeping(days=2), None, NOON)
    assert report.pruned == 2
    assert "No space left on device" in report.problems[0]
