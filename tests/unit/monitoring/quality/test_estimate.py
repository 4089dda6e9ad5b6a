"""Quality before outcomes come, and what outcomes say of the estimate."""

import numpy as np
import pyarrow as pa
import pytest

from monitoring.quality.answers import read_answers
from monitoring.quality.calibrator import Calibrator, fitted
from monitoring.quality.estimate import estimate
from monitoring.quality.figures import Estimate
from monitoring.quality.measure import scores_of
from tests.unit.monitoring.quality.scored_rows import scored_rows

NAMES = ("accuracy", "roc_auc", "f1", "log_loss", "brier", "average_precision", "recall_macro")


def calibrator(classes: int = 2, boldness: float = 1.5) -> Calibrator:
    found = fitted(
        read_answers(scored_rows(4_000, 50, classes=classes, boldness=boldness), tuple(range(classes)))
    )
    assert isinstance(found, Calibrator)
    return found


@pytest.fixture(scope="module")
def of_two() -> Calibrator:
    return calibrator()


def unlabelled(rows: pa.Table) -> pa.Table:
    return rows.drop_columns("label")


def truth(rows: pa.Table, classes: int = 2) -> dict[str, float]:
    return scores_of(read_answers(rows, tuple(range(classes))))


def estimated(rows: pa.Table, by: Calibrator, known: pa.Table | None = None) -> Estimate:
    found = estimate(rows, by, known=known)
    assert found is not None
    return found


@pytest.mark.parametrize("middle", [0.0, 2.0, -2.0])
def test_other_rows_of_equal_meaning_are_estimated_rightly(of_two: Calibrator, middle: float) -> None:
    rows = scored_rows(20_000, 1, boldness=1.5, middle=middle)
    found, seen = estimated(unlabelled(rows), of_two), truth(rows)
    assert {name: found.values[name] for name in NAMES} == pytest.approx(
        {name: seen[name] for name in NAMES}, abs=0.025
    )


def test_several_classes_are_estimated_rightly() -> None:
    rows = scored_rows(10_000, 1, classes=4, boldness=1.5, middle=1.0)
    found, seen = estimated(unlabelled(rows), calibrator(4)), truth(rows, 4)
    assert {name: found.values[name] for name in NAMES} == pytest.approx(
        {name: seen[name] for name in NAMES}, abs=0.03
    )


def test_intervals_hold_what_is_measured_about_95_times_of_100(of_two: Calibrator) -> None:
    held = []
    for seed in range(60):
        rows = scored_rows(300, seed, boldness=1.5)
        figures, seen = estimated(unlabelled(rows), of_two).metrics, truth(rows)
        held += [figures[name].low <= seen[name] <= figures[name].high for name in NAMES]
    assert 0.90 <= np.mean(held) <= 0.99


def test_a_changed_meaning_is_not_seen_but_told_once_outcomes_come(of_two: Calibrator) -> None:
    rows = scored_rows(2_000, 3, boldness=1.5, flipped=0.2)
    blind, seen = estimated(unlabelled(rows), of_two), truth(rows)
    told = estimated(unlabelled(rows), of_two, known=rows)
    assert blind.error == {}
    assert told.error["accuracy"] == pytest.approx(blind.values["accuracy"] - seen["accuracy"], abs=1e-9)
    assert told.error["accuracy"] > 0.08


def test_outcomes_of_earlier_rows_correct_the_estimate_of_later_ones(of_two: Calibrator) -> None:
    earlier, later = (scored_rows(2_000, seed, boldness=1.5, flipped=0.2) for seed in (3, 4))
    seen = truth(later)["accuracy"]
    blind, told = estimated(unlabelled(later), of_two), estimated(unlabelled(later), of_two, known=earlier)
    assert abs(blind.values["accuracy"] - seen) > 0.08
    assert told.values["accuracy"] == pytest.approx(seen, abs=0.03)
    assert told.method.endswith("corrected by 2000 outcomes")


def test_a_few_outcomes_tell_the_error_and_correct_nothing(of_two: Calibrator) -> None:
    rows, few = scored_rows(500, 3, boldness=1.5), scored_rows(50, 4, boldness=1.5)
    blind, told = estimated(unlabelled(rows), of_two), estimated(unlabelled(rows), of_two, known=few)
    assert told.values == blind.values
    assert told.error_rows == 50


def test_outcomes_that_agree_hardly_move_the_estimate(of_two: Calibrator) -> None:
    rows, known = unlabelled(scored_rows(1_000, 3, boldness=1.5)), scored_rows(1_000, 4, boldness=1.5)
    blind, told = estimated(rows, of_two), estimated(rows, of_two, known=known)
    assert told.values["accuracy"] == pytest.approx(blind.values["accuracy"], abs=0.02)


def test_predictions_by_another_threshold_are_estimated_as_they_are(of_two: Calibrator) -> None:
    rows = scored_rows(10_000, 5, boldness=1.5)
    share = np.array(rows["probabilities"].to_pylist())[:, 1]
    rows = rows.set_column(0, "prediction", [(share > 0.9).astype(int)])
    found, seen = estimated(unlabelled(rows), of_two), truth(rows)
    assert found.values["recall"] == pytest.approx(seen["recall"], abs=0.02)
    assert found.values["precision"] == pytest.approx(seen["precision"], abs=0.02)


def test_few_rows_or_none_give_no_estimate(of_two: Calibrator) -> None:
    assert estimate(scored_rows(19), of_two) is None
    assert estimate(scored_rows(0), of_two) is None
    assert estimate(scored_rows(100).drop_columns("probabilities"), of_two) is None
    assert estimate(scored_rows(100), None) is None


def test_nan_scores_are_left_out(of_two: Calibrator) -> None:
    rows = scored_rows(100)
    broken = [[float("nan")] * 2] * 40 + rows["probabilities"].to_pylist()[40:]
    assert estimated(rows.set_column(2, "probabilities", [broken]), of_two).rows == 60


def test_the_same_seed_gives_the_same_estimate(of_two: Calibrator) -> None:
    rows = scored_rows(200)
    assert estimate(rows, of_two) == estimate(rows, of_two)
