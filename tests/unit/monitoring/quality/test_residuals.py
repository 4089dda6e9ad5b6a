"""A regression's errors before outcomes come."""

import numpy as np
import pyarrow as pa
import pytest

from monitoring.quality.estimate import estimate
from monitoring.quality.figures import Estimate
from monitoring.quality.residuals import Residuals, learned


def predicted(rows: int, seed: int, *, middle: float = 0.0, worse: float = 1.0) -> pa.Table:
    """Predictions whose errors grow with `load`, and are of twice the size on the plan `free`."""
    rng = np.random.default_rng(seed)
    load = rng.normal(middle, 1, rows)
    plan = rng.choice(["free", "paid"], rows)
    said = 10 + load
    size = worse * np.exp(load / 2) * np.where(plan == "free", 2, 1)
    return pa.table(
        {"load": load, "plan": plan, "prediction": said, "label": said + rng.normal(0, 1, rows) * size}
    )


def logged(reference: pa.Table) -> pa.Table:
    features = pa.StructArray.from_arrays(
        [reference[name].combine_chunks() for name in ("load", "plan")], ["load", "plan"]
    )
    return reference.drop_columns(["load", "plan"]).append_column("features", features)


@pytest.fixture(scope="module")
def residuals() -> Residuals:
    found = learned(predicted(4_000, 0))
    assert isinstance(found, Residuals)
    return found


def estimated(rows: pa.Table, by: Residuals, known: pa.Table | None = None) -> Estimate:
    found = estimate(rows.drop_columns("label"), by, known=known)
    assert found is not None
    return found


def losses(rows: pa.Table) -> np.ndarray:
    return np.abs(rows["label"].to_numpy() - rows["prediction"].to_numpy())


@pytest.mark.parametrize("middle", [-1.0, 0.0, 1.0])
def test_the_error_of_other_rows_is_estimated_rightly(residuals: Residuals, middle: float) -> None:
    rows = logged(predicted(5_000, 1, middle=middle))
    found = estimated(rows, residuals)
    assert found.values["mae"] == pytest.approx(losses(rows).mean(), rel=0.12)
    assert found.values["rmse"] == pytest.approx(np.sqrt((losses(rows) ** 2).mean()), rel=0.15)


def test_intervals_hold_what_is_measured_about_95_times_of_100(residuals: Residuals) -> None:
    held = []
    for seed in range(100, 160):
        rows = logged(predicted(300, seed))
        figure = estimated(rows, residuals).metrics["mae"]
        held.append(figure.low <= losses(rows).mean() <= figure.high)
    assert 0.88 <= np.mean(held) <= 1.0


def test_outcomes_tell_the_error_and_correct_later_rows(residuals: Residuals) -> None:
    earlier, later = (logged(predicted(2_000, seed, worse=2.0)) for seed in (3, 4))
    blind, told = estimated(later, residuals), estimated(later, residuals, known=earlier)
    assert told.error["mae"] == pytest.approx(blind.values["mae"] - losses(later).mean(), rel=0.2)
    assert told.values["mae"] == pytest.approx(losses(later).mean(), rel=0.1)
    assert told.method.endswith("corrected by 2000 outcomes")


def test_a_column_that_is_gone_and_new_words_break_nothing(residuals: Residuals) -> None:
    rows = pa.table({"prediction": [1.0] * 50, "features": pa.array([{"plan": "gold", "new": 1.0}] * 50)})
    found = estimate(rows, residuals)
    assert found is not None
    assert np.isfinite(found.values["mae"])


def test_rows_without_features_or_with_nan_predictions_break_nothing(residuals: Residuals) -> None:
    rows = pa.table({"prediction": [1.0, float("nan")] * 30, "features": pa.nulls(60)})
    found = estimate(rows, residuals)
    assert found is not None
    assert found.rows == 30


def test_errors_that_nothing_tells_of_are_not_estimated() -> None:
    rng = np.random.default_rng(0)
    said = rng.normal(0, 1, 400)
    rows = pa.table(
        {"noise": rng.normal(0, 1, 400), "prediction": said, "label": said + rng.normal(0, 1, 400)}
    )
    assert str(learned(rows)).startswith("the rows tell nothing of how far their predictions are off")


def test_hidden_columns_are_not_learned_from() -> None:
    found = learned(predicted(1_000, 0), hidden=frozenset({"plan"}))
    assert isinstance(found, Residuals)
    assert set(found.codes) == {"load"}
