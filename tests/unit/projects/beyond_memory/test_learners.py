"""Models that learned from the matrix on disk equal those that learned from it in memory."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from projects.beyond_memory.boosted import Boosting
from projects.beyond_memory.spool import Spool
from projects.beyond_memory.streaming import STREAMING, kind_of, model_of
from projects.errors import BadInput
from projects.learning.candidates.candidate import Making
from projects.learning.candidates.listing import BY_NAME

ROWS, WIDTH = 4000, 6


def rows(classes):
    rng = np.random.default_rng(4)
    cells = rng.normal(size=(ROWS, WIDTH)) * np.arange(1, WIDTH + 1) + 3
    cells = cells.astype(np.float32).astype(np.float64)
    score = cells[:, 0] + 0.3 * cells[:, 2] * (cells[:, 1] > 3) + rng.normal(size=ROWS)
    if not classes:
        return cells, score
    return cells, np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))


def boosting(folder, model, cells, truth, classes, **more):
    spool = Spool(folder / "matrix", WIDTH, kind_of(model))
    spool.begin()
    for part in np.array_split(np.arange(ROWS), 9):
        spool.append(cells[part], truth[part], int(part[-1]) + 1)
    spool.end()
    return Boosting(spool, folder / "own", 1, classes, **more)


def fitted(folder, model, classes, **more):
    cells, truth = rows(classes)
    fit = STREAMING[type(model).__name__]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit(model, boosting(folder, model, cells, truth, classes, **more)), model, cells, truth


def made(name, classes, **parameters):
    task = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    candidate = BY_NAME[name]
    return candidate.make(Making(task, 7), {**candidate.defaults, "n_estimators": 25, **parameters})


def answers(model, cells):
    return model.predict_proba(cells) if hasattr(model, "predict_proba") else model.predict(cells)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_lightgbm_of_the_same_bins_is_the_same(tmp_path, classes):
    mine, model, cells, truth = fitted(tmp_path, made("lightgbm", classes), classes)
    model.set_params(force_row_wise=False, force_col_wise=True).fit(cells, truth)
    np.testing.assert_array_equal(answers(mine, cells), answers(model, cells))


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_xgboost_is_as_good_as_in_memory(tmp_path, classes):
    mine, model, cells, truth = fitted(tmp_path, made("xgboost", classes, subsample=1.0), classes)
    model.fit(cells, truth)
    np.testing.assert_allclose(answers(mine, cells), answers(model, cells), atol=2e-2)


def test_xgboost_begins_only_where_its_pages_have_room(tmp_path, monkeypatch):
    monkeypatch.setattr("projects.beyond_memory.failures.SPARE_BYTES", 10**18)
    with pytest.raises(BadInput, match=r"^XGBoost's own form of 4,000 rows needs .* on the disk of"):
        fitted(tmp_path, made("xgboost", 2), 2)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_booster_that_was_stopped_goes_on(tmp_path, name, classes):
    class KilledError(Exception):
        pass

    def kill(done, _all):
        seen.append(done)
        if done == 17 and len(seen) == 17:
            raise KilledError

    seen = []
    cells, truth = rows(classes)
    model = made(name, classes)
    own = boosting(tmp_path, model, cells, truth, classes, tell=kill)
    fit = STREAMING[type(model).__name__]
    with pytest.raises(KilledError):
        fit(model, own)
    mine = fit(model, own)
    assert seen[17:] == list(range(11, 26))
    whole = fit(made(name, classes), boosting(tmp_path / "other", model, cells, truth, classes))
    off = np.abs(answers(mine, cells) - answers(whole, cells)).mean()
    assert off < 0.1
    booster = mine.booster_ if name == "lightgbm" else mine.get_booster()
    rounds = booster.current_iteration() if name == "lightgbm" else booster.num_boosted_rounds()
    assert rounds == 25


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(), LinearRegression(fit_intercept=False), Ridge(alpha=3.0),
        Lasso(alpha=0.05, tol=1e-10), ElasticNet(alpha=0.05, tol=1e-10),
    ],
    ids=str,
)  # fmt: skip
def test_least_squares_have_the_same_weights(tmp_path, model):
    mine, model, cells, truth = fitted(tmp_path, model, 0)
    model.fit(cells, truth)
    np.testing.assert_allclose(mine.coef_, model.coef_, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(mine.intercept_, model.intercept_, rtol=1e-7, atol=1e-8)
    assert mine.get_params() == model.get_params()


@pytest.mark.parametrize("classes", [2, 3])
def test_naive_bayes_has_the_same_means_and_variances(tmp_path, classes):
    mine, model, cells, truth = fitted(tmp_path, GaussianNB(var_smoothing=1e-3), classes)
    model.fit(cells, truth)
    for name in ("theta_", "var_", "class_prior_", "class_count_"):
        np.testing.assert_allclose(getattr(mine, name), getattr(model, name), rtol=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("width", [WIDTH, WIDTH - 1])
def test_logistic_regression_finds_the_same_minimum(tmp_path, classes, width):
    """From the weights of the sample, and without them where all rows have a column more."""
    cells, truth = rows(classes)
    start = LogisticRegression(C=0.5, max_iter=300).fit(cells[:400, :width], truth[:400])
    start.set_params(tol=1e-8)
    mine, _, _, _ = fitted(tmp_path, start, classes)
    whole = LogisticRegression(C=0.5, max_iter=3000, tol=1e-10).fit(cells, truth)
    np.testing.assert_allclose(answers(mine, cells), answers(whole, cells), atol=1e-5)
    assert list(mine.classes_) == list(whole.classes_)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(class_weight="balanced"),
        LogisticRegression(fit_intercept=False),
        LogisticRegression(l1_ratio=1, solver="saga"),
        BY_NAME["lightgbm"].make(Making("binary", 7), {"class_weight": "balanced"}),
    ],
)
def test_what_would_learn_otherwise_from_disk_does_not_learn_from_it(model):
    assert model_of(Pipeline([("model", model)])) is None


def test_a_plain_model_learns_from_disk():
    model = LogisticRegression()
    assert model_of(Pipeline([("model", model)])) is model
