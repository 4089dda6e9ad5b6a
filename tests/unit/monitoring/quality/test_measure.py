"""What outcomes say, how sure it is, and what bad rows do to it."""

import numpy as np
import pyarrow as pa
import pytest

from monitoring.quality.figures import Quality
from monitoring.quality.measure import measure

NAN = float("nan")


def scored(rows: int, seed: int = 0, *, sharpness: float = 2.0) -> pa.Table:
    """Two classes whose probabilities are right."""
    rng = np.random.default_rng(seed)
    share = 1 / (1 + np.exp(-rng.normal(0, sharpness, rows)))
    return pa.table(
        {
            "prediction": (share > 0.5).astype(int),
            "label": (rng.random(rows) < share).astype(int),
            "probabilities": np.column_stack([1 - share, share]).tolist(),
        }
    )


def measured(rows: pa.Table, task: str = "binary", classes: tuple[object, ...] | None = (0, 1)) -> Quality:
    found = measure(rows, task=task, classes=classes, seed=0)
    assert found is not None
    return found


def repeated(
    prediction: list[object], label: list[object], probabilities: list[object] | None = None
) -> pa.Table:
    columns = {"prediction": prediction * 20, "label": label * 20}
    return pa.table(columns | ({"probabilities": probabilities * 20} if probabilities else {}))


def test_without_outcomes_there_is_no_quality() -> None:
    assert measure(pa.table({"prediction": [1]}), task="binary", seed=0) is None
    assert measure(pa.table({"prediction": [1], "label": pa.nulls(1)}), task="binary", seed=0) is None
    assert measure(scored(0), task="binary", seed=0) is None


def test_rows_without_outcomes_count_as_unknown() -> None:
    rows = pa.table({"prediction": [1, 0, 1, 1], "label": [1, None, None, 0]})
    found = measured(rows)
    assert (found.rows, found.labelled, found.known_share) == (4, 2, 0.5)
    assert found.values["accuracy"] == 0.5


def test_labels_of_another_type_are_compared_rightly() -> None:
    found = measured(pa.table({"prediction": [1, 0, 1, 0], "label": ["1", "no", "true", "yes"]}))
    assert found.values["accuracy"] == 0.75


def test_strangers_among_the_outcomes_are_left_out_and_told() -> None:
    found = measured(pa.table({"prediction": [1, 0, 1], "label": ["1", "0", "churned"]}))
    assert found.notes == ("1 outcomes are none of the classes 0, 1; they were left out",)
    assert (found.used, found.values["accuracy"]) == (2, 1.0)


def test_nan_probabilities_cost_the_rankings_their_rows_alone() -> None:
    found = measured(repeated([1, 0, 1], [1, 0, 0], [[0.1, 0.9], [0.8, 0.2], [NAN, NAN]]))
    assert found.values["accuracy"] == pytest.approx(2 / 3)
    assert found.values["roc_auc"] == 1.0
    assert found.notes == (
        "20 rows have no probabilities that can be used; rankings and losses are without them",
    )


def test_nan_predictions_of_a_regression_are_left_out_and_told() -> None:
    found = measured(repeated([NAN, 2.0], [1.0, 3.0]), "regression", None)
    assert found.values["mae"] == 1.0
    assert found.notes == ("20 rows have no prediction that can be used; they were left out",)


def test_texts_that_are_no_numbers_are_left_out_of_a_regression() -> None:
    found = measured(repeated([1.0, 2.0], ["1.5", "n/a"]), "regression", None)
    assert found.values["mae"] == 0.5
    assert found.notes == ("20 outcomes are no number; they were left out",)


def test_numbers_that_overflow_leave_out_what_squares_them() -> None:
    found = measured(repeated([1e300, 1.0], [-1e300, 2.0]), "regression", None)
    assert "mse" not in found.metrics
    assert found.values["median_absolute_error"] == pytest.approx(1e300)


def test_one_row_has_a_value_and_no_interval() -> None:
    found = measured(pa.table({"prediction": [1], "label": [1]}))
    assert found.metrics["accuracy"].low is None
    assert found.values["accuracy"] == 1.0


def test_one_class_that_nobody_names_the_other_of_has_accuracy_alone() -> None:
    found = measured(repeated([1], [1]), classes=None)
    assert set(found.metrics) == {"accuracy"}
    assert "only accuracy is told" in found.notes[0]


def test_probabilities_of_more_classes_than_are_known_are_not_used() -> None:
    found = measured(repeated([1, 0], [1, 0], [[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]]))
    assert "roc_auc" not in found.metrics


def test_probabilities_in_another_order_than_the_classes_found_are_not_used() -> None:
    rows = scored(500)
    turned = rows.set_column(2, "probabilities", [[pair[::-1] for pair in rows["probabilities"].to_pylist()]])
    assert "roc_auc" not in measured(turned, classes=None).metrics
    assert "roc_auc" in measured(rows, classes=None).metrics


def test_a_perfect_share_still_has_room_below() -> None:
    figure = measured(repeated([1, 0], [1, 0])).metrics["accuracy"]
    assert figure.high == 1.0
    assert figure.low == pytest.approx(0.912, abs=0.001)


def test_the_same_seed_gives_the_same_intervals() -> None:
    rows = scored(300)
    assert measured(rows).metrics == measured(rows).metrics


def test_intervals_shrink_with_the_root_of_the_rows() -> None:
    few, many = (measured(scored(rows)).metrics["roc_auc"] for rows in (1_000, 64_000))
    assert few.high - few.low == pytest.approx(8 * (many.high - many.low), rel=0.35)


@pytest.fixture(scope="module")
def hundred() -> list[Quality]:
    return [measured(scored(150, seed)) for seed in range(100)]


@pytest.mark.parametrize("name", ["roc_auc", "f1", "log_loss", "accuracy", "average_precision"])
def test_intervals_hold_the_true_value_about_95_times_of_100(hundred: list[Quality], name: str) -> None:
    truth = measured(scored(400_000, 99)).values[name]
    held = sum(each.metrics[name].low <= truth <= each.metrics[name].high for each in hundred)
    assert 88 <= held <= 100


def test_more_rows_than_are_held_are_taken_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.quality.measure.MOST_HELD", 1_000)
    found = measured(scored(5_000))
    assert (found.labelled, found.used) == (5_000, 500)
    assert found.notes == ("measured on 500 of 5000 outcomes, evenly spaced",)


def test_a_thousand_classes_are_measured_without_intervals_but_accuracys() -> None:
    labels = np.arange(5_000) % 1_000
    found = measured(pa.table({"prediction": labels, "label": labels}), "multiclass", None)
    assert found.values["f1"] == 1.0
    assert [name for name, figure in found.metrics.items() if figure.low is not None] == ["accuracy"]
