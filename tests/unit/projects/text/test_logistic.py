"""The logistic regression's strength is chosen by folds."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from projects.text.logistic import STRENGTHS, fitted_logistic
from projects.text.logistic import folds_of as folds_of_numbers


def rows(noise, seed=0):
    X, y = make_classification(
        400, 40, n_informative=4, n_redundant=0, flip_y=noise, class_sep=1.0, random_state=seed
    )
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(["no", "yes"])[y]


def pairs_of(X, y):
    return list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))


def test_its_score_is_that_of_the_folds():
    X, y = rows(0.2)
    folds = pairs_of(X, y)
    model, score = fitted_logistic(X, y, folds_of_numbers(X, folds))
    said = cross_val_predict(model, X, y, cv=folds)
    assert score == pytest.approx(f1_score(y, said, average="macro"), abs=0.01)


def f1_by_folds(model, X, y, folds, **parameters):
    said = cross_val_predict(type(model)(**model.get_params() | parameters), X, y, cv=folds)
    return f1_score(y, said, average="macro")


def test_the_strength_is_the_best_of_the_table():
    X, y = rows(0.2)
    folds = pairs_of(X, y)
    model, score = fitted_logistic(X, y, folds_of_numbers(X, folds))
    assert score >= max(f1_by_folds(model, X, y, folds, C=c) for c in STRENGTHS) - 0.005


def test_plain_weights_are_taken_where_they_are_better_beyond_chance():
    rng = np.random.default_rng(0)
    y = np.repeat(["rare", "usual"], [200, 5800])
    X = rng.normal(size=(6000, 3)) + np.where(y == "rare", 1.2, 0.0)[:, None]
    folds = pairs_of(X, y)
    model, score = fitted_logistic(X, y, folds_of_numbers(X, folds))
    assert model.class_weight is None
    assert score > f1_by_folds(model, X, y, folds, class_weight="balanced") + 0.02


def test_few_rows_do_not_tell_that_plain_weights_are_better():
    rng = np.random.default_rng(0)
    y = np.repeat(["rare", "usual"], [12, 60])
    X = rng.normal(size=(72, 3)) + np.where(y == "rare", 0.5, 0.0)[:, None]
    assert fitted_logistic(X, y, folds_of_numbers(X, pairs_of(X, y)))[0].class_weight == "balanced"


def test_without_folds_it_is_fitted_all_the_same():
    X, y = rows(0.2)
    model, score = fitted_logistic(X, y, folds_of_numbers(X, []))
    assert model.C == 0.1
    assert np.isnan(score)


def test_folds_of_one_class_alone_are_passed_over():
    X, y = rows(0.2)
    order = np.argsort(y)
    one = order[:100], order[100:110]
    _, score = fitted_logistic(X, y, folds_of_numbers(X, [one]))
    assert np.isnan(score)


def test_a_rare_class_counts_as_much_as_a_common_one():
    X, y = rows(0.1)
    kept = np.flatnonzero((y == "no") | (np.arange(len(y)) % 10 == 0))
    model, _ = fitted_logistic(X[kept], y[kept], folds_of_numbers(X[kept], pairs_of(X[kept], y[kept])))
    assert model.class_weight == "balanced"
    assert (model.predict(X[kept]) == "yes").mean() > (y[kept] == "yes").mean() / 2
