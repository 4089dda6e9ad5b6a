"""Where estimators turn: cells on a threshold, rows at no distance, equal votes, members of fewer classes."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from serving.plan.estimator import Shape
from serving.plan.families import FAMILIES, family_of
from serving.plan.model import PlanInputError


def matrix(rows=200, width=3, seed=1):
    return np.random.default_rng(seed).integers(0, 9, (rows, width)).astype(float)


def kept(model, rows, classes):
    """Fit, write and load an estimator alone."""
    targets = rows.sum(axis=1) if not classes else (rows.sum(axis=1) * classes // 25).astype(int)
    with threadpool_limits(1):
        model.fit(rows, targets)
    family = FAMILIES[family_of(model)]
    written = family.write(model)
    found = len(model.classes_) if classes else 0
    return model, family.load(written.content, written.options, Shape(rows.shape[1], found))


@pytest.mark.parametrize(
    "model", [DecisionTreeRegressor(random_state=0), HistGradientBoostingRegressor(max_iter=9)]
)
def test_a_cell_on_a_threshold_goes_left(model):
    model, ours = kept(model, matrix(), 0)
    on = np.arange(0, 8.5, 0.5)
    rows = np.stack([on, on[::-1], np.full(len(on), 3.5)], axis=1)
    assert (ours.estimate(rows) == model.predict(rows)).all()


def test_a_cell_that_float32_cannot_tell_from_a_threshold_goes_left():
    rows = np.array([[0.1], [0.1 + 2**-20], [0.3]])
    model = DecisionTreeRegressor().fit(rows, [0.0, 1.0, 2.0])
    ours = FAMILIES["forest"].load(FAMILIES["forest"].write(model).content, {}, Shape(1, 0))
    near = model.tree_.threshold[model.tree_.feature >= 0][:, None] + np.linspace(-1e-6, 1e-6, 401)
    cells = near.reshape(-1, 1)
    assert (ours.estimate(cells) == model.predict(cells)).all()


@pytest.mark.parametrize("kind", [KNeighborsClassifier, KNeighborsRegressor])
def test_a_row_at_no_distance_answers_alone(kind):
    rows = np.unique(matrix(), axis=0)
    is_classes = kind is KNeighborsClassifier
    model, ours = kept(kind(5, weights="distance", algorithm="kd_tree"), rows, 3 if is_classes else 0)
    if is_classes:
        assert (ours.classify(rows)[1] == model.predict_proba(rows)).all()
        assert (ours.classify(rows)[0] == model.predict(rows)).all()
    else:
        assert (ours.estimate(rows) == model.predict(rows)).all()


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "sigmoid"])
def test_decisions_between_classes_are_the_models(kernel, classes):
    model, ours = kept(SVC(kernel=kernel, C=0.3), matrix(), classes)
    wanted = model.decision_function(matrix(seed=2))
    np.testing.assert_allclose(ours.decide(matrix(seed=2)), wanted.reshape(200, -1), atol=1e-9)


@pytest.mark.parametrize("far", [1e3, 1e9, 1e150, 1e200])
def test_support_vectors_answer_for_rows_far_away(far):
    model, ours = kept(SVR(), matrix() * 1e3, 0)
    rows = matrix(20, seed=2) * far
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ours.estimate(rows), model.predict(rows), rtol=1e-9)


def test_a_support_vector_far_away_is_told_from_its_neighbours():
    rows = matrix() + 1e8
    model, ours = kept(SVR(gamma=0.1), rows, 0)
    np.testing.assert_allclose(ours.estimate(rows), model.predict(rows), rtol=1e-9)


def test_sums_of_zero_are_the_second_class_of_exact_gradient_boosting():
    rows = np.array([[0.0], [0.0], [1.0], [1.0]])
    model = GradientBoostingClassifier(n_estimators=1).fit(rows, [0, 1, 0, 1])
    written = FAMILIES["gradient"].write(model)
    ours = FAMILIES["gradient"].load(written.content, written.options, Shape(1, 2))
    assert model.decision_function(rows).tolist() == [0.0] * 4
    assert ours.classify(rows)[0].tolist() == model.predict(rows).tolist() == [1] * 4


def test_blocks_of_rows_change_no_answer(monkeypatch):
    from serving.plan.estimators import neighbours, nets, support_vectors, tree_walk

    models = [DecisionTreeRegressor(random_state=0), KNeighborsRegressor(), SVR()]
    rows = np.random.default_rng(3).normal(size=(200, 3))
    pairs = [kept(model, rows, 0) for model in models]
    for module in (neighbours, support_vectors, tree_walk):
        monkeypatch.setattr(module, "BLOCK_CELLS", 7)
    monkeypatch.setattr(nets, "ROWS_AT_ONCE", 7)
    for model, ours in pairs:
        np.testing.assert_allclose(ours.estimate(rows / 2), model.predict(rows / 2), rtol=1e-9)


def test_a_forest_refuses_what_float32_cannot_hold():
    _, ours = kept(DecisionTreeRegressor(), matrix(), 0)
    with pytest.raises(PlanInputError, match="too large for a model of trees, which reads"):
        ours.estimate(np.full((1, 3), 1e39))
