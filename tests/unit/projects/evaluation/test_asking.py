"""A model is asked for labels and probabilities in the order of all classes."""

import numpy as np
import pytest

from projects.evaluation import asking
from projects.evaluation.asking import ask
from tests.unit.projects.evaluation.evaluation_fixtures import classes_of, fitted, table, truth

ROWS = table(90, seed=40)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_many_rows_are_asked_in_parts_with_the_same_answers(task, monkeypatch):
    model, y = fitted("lightgbm", task), truth(ROWS, task)
    whole = ask(model, ROWS, y, classes_of(task))
    monkeypatch.setattr(asking, "ROWS_A_CALL", 7)
    parts = ask(model, ROWS, y, classes_of(task))
    assert (whole.predictions == parts.predictions).all()
    assert task == "regression" or (whole.probabilities == parts.probabilities).all()


def test_a_class_that_the_model_never_saw_gets_no_share():
    found = ask(fitted("lightgbm", "binary"), ROWS, truth(ROWS, "binary"), ("ja", "nein", "vielleicht"))
    assert (found.probabilities[:, 2] == 0).all()
    assert found.probabilities.sum() == pytest.approx(90)


def test_labels_alone_or_probabilities_alone_can_be_asked_for():
    model, y = fitted("lightgbm", "binary"), truth(ROWS, "binary")
    assert ask(model, ROWS, y, ("ja", "nein"), "labels").probabilities is None
    shares = ask(model, ROWS, y, ("ja", "nein"), "shares")
    assert (shares.predictions == model.predict(ROWS)).all()


def test_numbers_come_as_float64():
    found = ask(fitted("xgboost", "regression"), ROWS, truth(ROWS, "regression"), None)
    assert found.predictions.dtype == np.float64
