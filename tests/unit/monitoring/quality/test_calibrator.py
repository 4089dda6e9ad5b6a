"""Probabilities are made worth what they say."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from monitoring.quality.answers import read_answers
from monitoring.quality.calibrator import METHODS, Calibrator, fitted
from tests.unit.monitoring.quality.scored_rows import scored_rows


def calibrated(rows: int = 3_000, seed: int = 0, *, classes: int = 2, boldness: float = 1.0) -> Calibrator:
    table = scored_rows(rows, seed, classes=classes, boldness=boldness)
    found = fitted(read_answers(table, tuple(range(classes))))
    assert isinstance(found, Calibrator)
    return found


@pytest.mark.parametrize("classes", [2, 4])
def test_a_bold_models_probabilities_come_back_to_the_true_ones(classes: int) -> None:
    calibrator = calibrated(classes=classes, boldness=3.0)
    bold = read_answers(scored_rows(2_000, 7, classes=classes, boldness=3.0), tuple(range(classes)))
    true = read_answers(scored_rows(2_000, 7, classes=classes), tuple(range(classes)))
    before = np.abs(bold.probabilities - true.probabilities).mean()
    after = np.abs(calibrator.shares(bold.probabilities) - true.probabilities).mean()
    assert after < before / 3


def test_calibrated_probabilities_are_left_about_as_they_are() -> None:
    said = np.column_stack([1 - np.linspace(0.02, 0.98, 50), np.linspace(0.02, 0.98, 50)])
    assert calibrated().shares(said) == pytest.approx(said, abs=0.04)


def test_shares_sum_to_one() -> None:
    said = np.array([[0.0, 0.0, 1.0], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    assert calibrated(classes=3, boldness=2.0).shares(said).sum(axis=1) == pytest.approx(np.ones(3))


def test_the_logistic_curve_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 2_000)
    is_so = (rng.random(2_000) < 1 / (1 + np.exp(-(0.5 * odds - 1)))).astype(float)
    base = LogisticRegression().fit([[-1.0], [1.0]], [0, 1])
    base.coef_, base.intercept_ = np.array([[1.0]]), np.array([0.0])
    peer = CalibratedClassifierCV(FrozenEstimator(base), method="sigmoid", cv=2, ensemble=False)
    peer.fit(odds[:, None], is_so)
    said = 1 / (1 + np.exp(-odds))
    ours = np.interp(said, *METHODS["a logistic curve"](said, is_so, np.ones(2_000)))
    assert ours == pytest.approx(peer.predict_proba(odds[:, None])[:, 1], abs=2e-4)


@pytest.mark.parametrize("name", list(METHODS))
def test_classes_that_do_not_overlap_break_no_fit(name: str) -> None:
    said, is_so = np.repeat([0.0, 1.0], 50), np.repeat([0.0, 1.0], 50)
    curve = METHODS[name](said, is_so, np.ones(100))
    assert np.isfinite(np.interp([0.0, 0.5, 1.0], *curve)).all()


def test_a_constant_probability_breaks_no_fit() -> None:
    for fit in METHODS.values():
        curve = fit(np.full(100, 0.5), np.repeat([0.0, 1.0], 50), np.ones(100))
        assert np.interp(0.5, *curve) == pytest.approx(0.5, abs=1e-6)


def test_too_few_held_out_rows_are_told() -> None:
    found = fitted(read_answers(scored_rows(20), (0, 1)))
    assert str(found).endswith("are too few to calibrate on; 50 and 5 are needed")


def test_without_probabilities_there_is_none() -> None:
    rows = scored_rows(100).drop_columns("probabilities")
    assert fitted(read_answers(rows, (0, 1))) == (
        "the held-out rows have no probabilities of their 2 classes to calibrate"
    )
