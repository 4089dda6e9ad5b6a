"""The logistic regression's strength is chosen by folds."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from projects.text.logistic import TRIED, fitted_logistic


def rows(noise, seed=0):
    X, y = make_classification(
        400, 40, n_informative=4, n_redundant=0, flip_y=noise, class_sep=1.0, random_state=seed
    )
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(["no", "yes"])[y]


def folds_of(X, y):
    return list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))


def test_its_score_is_that_of_the_folds():
    X, y = rows(0.2)
    folds = folds_of(X, y)
    model, score = fitted_logistic(X, y, folds)
    said = cross_val_predict(model, X, y, cv=folds)
    assert score == pytest.approx(f1_score(y, said, average="macro"), abs=0.01)


@pytest.mark.parametrize("rare", [1.0, 0.1])
def test_strength_and_weights_are_the_best_of_those_tried(rare):
    X, y = rows(0.2)
    kept = (y == "no") | (np.random.default_rng(0).random(len(y)) < rare)
    X, y = X[kept], y[kept]
    folds = folds_of(X, y)
    model, score = fitted_logistic(X, y, folds)
    others = [
        f1_score(
            y,
            cross_val_predict(
                type(model)(**model.get_params() | {"C": c, "class_weight": weight}), X, y, cv=folds
            ),
            average="macro",
        )
        for weight, c in TRIED
    ]
    assert score >= max(others) - 0.005


def test_without_folds_it_is_fitted_all_the_same():
    X, y = rows(0.2)
    model, score = fitted_logistic(X, y, [])
    assert model.C == 0.1
    assert np.isnan(score)


def test_folds_of_one_class_alone_are_passed_over():
    X, y = rows(0.2)
    order = np.argsort(y)
    one = order[:100], order[100:110]
    _, score = fitted_logistic(X, y, [one])
    assert np.isnan(score)


def test_a_rare_class_counts_as_much_as_a_common_one():
    X, y = rows(0.1)
    kept = np.flatnonzero((y == "no") | (np.arange(len(y)) % 10 == 0))
    model, _ = fitted_logistic(X[kept], y[kept], folds_of(X[kept], y[kept]))
    assert model.class_weight == "balanced"
    assert (model.predict(X[kept]) == "yes").mean() > (y[kept] == "yes").mean() / 2
