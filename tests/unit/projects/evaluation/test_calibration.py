"""Probabilities are corrected where that helps, and the corrected model is scikit-learn's own."""

import cloudpickle
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB

from projects.evaluation.calibration import answering_probabilities, calibrate, corrected, wrapped
from projects.evaluation.metrics import Answers
from tests.unit.projects.evaluation.evaluation_fixtures import fitted, out_of_fold, pipeline, table, truth

RNG = np.random.default_rng(3)


def too_sure(classes, rows=1500):
    """Out-of-fold answers whose probabilities are true, and then exaggerated."""
    shares = RNG.dirichlet(np.ones(len(classes)), rows)
    codes = np.array([RNG.choice(len(classes), p=row) for row in shares])
    bent = shares**3 / (shares**3).sum(axis=1, keepdims=True)
    labels = np.array(classes)
    return Answers(labels[codes], labels[bent.argmax(axis=1)], bent, tuple(classes))


@pytest.mark.parametrize("classes", [("a", "b"), (1, 2, 3)])
def test_exaggerated_probabilities_are_corrected(classes):
    given = too_sure(classes)
    found = calibrate(FrozenEstimator(fitted("lightgbm", "binary")), table(5), given, seed=1)
    assert found.method in ("sigmoid", "isotonic", "temperature")
    assert found.sentence.startswith(
        f"probabilities are corrected ({found.method}): on rows that the correction"
    )
    after = corrected(given, found.method)
    assert log_loss(given.truth, after.probabilities) < log_loss(given.truth, given.probabilities) - 0.1


def test_good_probabilities_stay_as_they_are():
    model = fitted("linear", "binary")
    found = calibrate(model, table(5), out_of_fold("binary"), seed=1)
    assert found.model is model
    assert "no sure gain" in found.sentence


def test_few_rows_are_not_corrected():
    few = out_of_fold("binary").take(slice(0, 60))
    found = calibrate(fitted("linear", "binary"), table(5), few, seed=1)
    assert found.method == ""
    assert "60 rows" in found.sentence
    assert "100 and 10 are needed" in found.sentence


def test_numbers_have_nothing_to_correct():
    given = Answers(np.ones(5), np.ones(5), None, None)
    assert calibrate(None, table(5), given, seed=1).sentence == "numbers have no probabilities to calibrate"


def exaggerating(model, task):
    """A fitted model with its own out-of-fold answers, exaggerated enough to be corrected."""
    made = pipeline(model).fit(table(), truth(table(), task))
    held = table(2000, seed=11)
    shares = made.predict_proba(held)
    answers = Answers(truth(held, task, seed=12), made.predict(held), shares, tuple(made.classes_))
    return made, answers


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_the_wrapped_model_answers_as_one_fitted_by_scikit_learn_on_those_rows(task, method):
    made, answers = exaggerating(GaussianNB(), task)
    held = table(2000, seed=11)
    wanted = CalibratedClassifierCV(FrozenEstimator(made), method=method, cv=2).fit(held, answers.truth)
    found = wrapped(made, table(5), answers, method)
    assert np.allclose(found.predict_proba(held), wanted.predict_proba(held), atol=1e-6)
    assert (found.predict(held) == wanted.predict(held)).all()


def test_a_model_with_a_decision_function_is_corrected_by_its_probabilities():
    model = fitted("linear", "binary")
    hidden = answering_probabilities(model, table(5))
    assert not hasattr(hidden, "decision_function")
    assert (hidden.predict_proba(table(50)) == model.predict_proba(table(50))).all()
    assert (hidden.predict(table(50)) == model.predict(table(50))).all()


def test_a_sure_linear_model_is_corrected_on_the_scale_it_was_learned_on():
    made, answers = exaggerating(LogisticRegression(C=1e4, max_iter=3000), "binary")
    bent = answers.probabilities**4 / (answers.probabilities**4).sum(axis=1, keepdims=True)
    found = calibrate(
        made, table(5), Answers(answers.truth, answers.predictions, bent, answers.classes), seed=1
    )
    assert found.method
    assert type(found.model.calibrated_classifiers_[0].estimator.estimator).__name__ == "VotingClassifier"
    assert found.model.predict_proba(table(5)).shape == (5, 2)


def test_the_wrapped_model_holds_no_class_and_no_rows_of_ours():
    made, answers = exaggerating(RandomForestClassifier(5, max_depth=4, random_state=1), "binary")
    bent = np.clip(answers.probabilities * 3 - 1, 0.001, 0.999)
    bent = bent / bent.sum(axis=1, keepdims=True)
    found = calibrate(
        made, table(5), Answers(answers.truth, answers.predictions, bent, answers.classes), seed=1
    )
    pickled = cloudpickle.dumps(found.model)
    assert found.method
    assert b"projects" not in pickled
    assert len(pickled) < len(cloudpickle.dumps(made)) + 10_000
