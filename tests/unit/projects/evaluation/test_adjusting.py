"""Probabilities are corrected before the threshold is chosen, and only what was asked for is done."""

import cloudpickle
import numpy as np
import pytest

from projects.evaluation.adjusting import adjust
from projects.evaluation.calibration import wrapped
from projects.evaluation.frozen import unwrapped
from projects.evaluation.metrics import BY_NAME, Answers
from projects.evaluation.threshold import apply
from projects.requirement.model import Evaluation
from serving.plan.load import load_plan
from serving.plan.model import Column
from serving.plan.write import write_plan
from tests.unit.projects.evaluation.evaluation_fixtures import fitted, out_of_fold, table

AUC, ROWS = BY_NAME["roc_auc"], table(50)


def adjusted(asked, task="binary", given="own"):
    answers = out_of_fold(task) if given == "own" else given
    return adjust(fitted("lightgbm", task), ROWS, answers, asked=asked, metric=AUC, seed=1)


def too_sure():
    given = out_of_fold("binary")
    bent = given.probabilities**5 / (given.probabilities**5).sum(axis=1, keepdims=True)
    return Answers(given.truth, given.predictions, bent, given.classes)


def test_nothing_asked_leaves_the_model_alone():
    found = adjusted(Evaluation())
    assert found.model is fitted("lightgbm", "binary")
    assert found.sentences == ()
    assert found.threshold.threshold == 0.5


def test_a_given_threshold_is_used():
    found = adjusted(Evaluation(threshold=0.3))
    shares = found.before.predict_proba(ROWS)[:, 1]
    assert found.model.predict(ROWS).tolist() == np.where(shares >= 0.3, "nein", "ja").tolist()
    assert found.sentences == ("a row is positive from a probability of 0.3 on, as asked",)


def test_a_correction_and_a_threshold_are_stacked():
    found = adjusted(Evaluation(calibrate="auto", threshold="auto"), given=too_sure())
    assert found.calibration.method
    assert type(found.model).__name__ in ("FixedThresholdClassifier", "CalibratedClassifierCV")
    assert unwrapped(found.model) is fitted("lightgbm", "binary")
    assert len(found.sentences) == 2


def test_the_threshold_is_of_the_corrected_probabilities():
    found = adjusted(Evaluation(calibrate="auto", threshold="auto"), given=too_sure())
    plain = adjusted(Evaluation(threshold="auto"), given=too_sure())
    assert found.threshold.threshold != plain.threshold.threshold


@pytest.mark.parametrize("family", ["linear", "lightgbm", "xgboost"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_a_plan_of_the_adjusted_model_answers_as_it_does(family, method, tmp_path):
    columns = [
        Column(name, "string" if name == "city" else "double", required=False) for name in ROWS.columns
    ]
    model = apply(wrapped(fitted(family, "binary"), ROWS, out_of_fold("binary"), method), 0.3, ROWS)
    write_plan(model, columns, tmp_path / "plan", task="binary")
    cells = ROWS.astype(object).where(ROWS.notna(), None)
    found = load_plan(tmp_path / "plan").score([tuple(row) for row in cells.itertuples(index=False)])
    assert found.predictions == model.predict(ROWS).tolist()
    assert np.allclose(found.probabilities, model.predict_proba(ROWS), atol=1e-6)


def test_a_stacked_model_can_be_pickled_and_answers_the_same():
    found = adjusted(Evaluation(calibrate="auto", threshold=0.4), given=too_sure()).model
    again = cloudpickle.loads(cloudpickle.dumps(found))
    assert (again.predict(ROWS) == found.predict(ROWS)).all()
    assert (again.predict_proba(ROWS) == found.predict_proba(ROWS)).all()


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_no_threshold_without_two_classes(task):
    found = adjusted(Evaluation(threshold="auto"), task=task, given=None)
    assert found.threshold is None
    assert found.model is fitted("lightgbm", task)


def test_without_out_of_fold_answers_everything_stays():
    found = adjusted(Evaluation(calibrate="auto", threshold="auto"), given=None)
    assert found.model is fitted("lightgbm", "binary")
    assert found.sentences[-1].startswith("the threshold stays at 0.5: there are no out-of-fold answers")
