"""Which predictions are of which models, live and sealed."""

from pathlib import Path

import pytest

from serving.prediction_log.record import new_prediction_id
from serving.prediction_log.seal import seal
from serving.prediction_log.whose import FEW, known_of
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, write

NAMES = [new_prediction_id(lambda: NOON) for _ in range(FEW + 2)]


@pytest.fixture(params=["live", "sealed"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    churn = [make_record(prediction_id=name) for name in NAMES[1:]]
    write(tmp_path, make_record(prediction_id=NAMES[0], model="fraud"), *churn)
    if request.param == "sealed":
        seal(tmp_path)
    return tmp_path


@pytest.mark.parametrize("count", [2, FEW + 2])
def test_only_those_of_the_models_are_known(log: Path, count: int) -> None:
    asked = [*NAMES[: count - 1], new_prediction_id(lambda: NOON)]
    assert known_of(log, asked, ["churn", "other"]) == set(asked[1:-1])
    assert known_of(log, asked, ["fraud"]) == {NAMES[0]}
    assert known_of(log, asked, []) == set()


def test_one_row_may_be_named_by_its_number_and_no_other_number_is_known(log: Path) -> None:
    asked = [NAMES[1], f"{NAMES[1]}-0", f"{NAMES[1]}-1"]
    assert known_of(log, asked, ["churn"]) == set(asked[:2])


def test_rows_of_many_are_known_by_their_numbers_alone(tmp_path: Path) -> None:
    write(tmp_path, make_record(prediction_id=NAMES[0], rows=[[1.0, "a"], [2.0, "b"]], predictions=[0, 1],
                                probabilities=[[1.0, 0.0], [0.0, 1.0]]))  # fmt: skip
    asked = [NAMES[0], f"{NAMES[0]}-0", f"{NAMES[0]}-1", f"{NAMES[0]}-2"]
    assert known_of(tmp_path, asked, ["churn"]) == set(asked[1:3])


def test_an_id_from_the_end_of_time_is_only_unknown(log: Path) -> None:
    assert known_of(log, ["ffffffff-ffff-7fff-bfff-ffffffffffff"], ["churn"]) == set()


def test_no_log_knows_nothing(tmp_path: Path) -> None:
    assert known_of(tmp_path / "none", NAMES, ["churn"]) == set()
