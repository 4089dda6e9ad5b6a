"""What to watch is named in words, and nothing else is."""

import dataclasses

import numpy as np
import pytest

from projects.evaluation.evaluate import evaluate
from projects.evaluation.metrics import Answers
from projects.evaluation.watching import watch
from projects.requirement.model import Evaluation
from tests.unit.projects.evaluation.evaluation_fixtures import out_of_fold, report, subject

RNG = np.random.default_rng(11)


def seen(task, **changes):
    return " | ".join(watch(dataclasses.replace(report(task).findings, **changes)))


def test_a_rare_class_is_named():
    truth = np.array(["ja"] * 5 + ["nein"] * 395, dtype=object)
    shares = np.tile([0.2, 0.8], (400, 1))
    given = Answers(truth, np.where(np.arange(400) % 2, "ja", "nein").astype(object), shares, ("ja", "nein"))
    assert "imbalance: 'ja' is less than 5% of the rows" in seen("binary", answers=given)


def test_a_class_that_is_never_answered_is_named():
    given = report("multiclass").findings.answers
    never = Answers(given.truth, np.full(400, "low", dtype=object), given.probabilities, given.classes)
    assert "the model never answers 'high' or 'mid' on the held-out rows" in seen("multiclass", answers=never)


def test_zeros_that_leave_mape_out_are_counted():
    given = report("regression").findings.answers
    truth = given.truth.copy()
    truth[:3] = 0
    said = seen("regression", answers=Answers(truth, given.predictions, None, None))
    assert "mape is left out: it divides by the truth, and 3 of 400" in said


def test_numbers_that_are_no_better_than_the_mean_are_said_so():
    given = subject("regression")
    mixed = dataclasses.replace(given, truth=RNG.permutation(given.truth))
    said = evaluate(mixed, asked=Evaluation()).watch
    assert any(one.startswith("no better beyond chance than always answering the mean") for one in said)


def test_numbers_that_are_better_than_the_mean_are_not():
    assert "always answering the mean" not in seen("regression")


def test_a_few_rows_that_make_the_error_are_outliers():
    given = report("regression").findings.answers
    said = given.predictions.copy()
    said[:4] += 5000
    found = seen("regression", answers=Answers(given.truth, said, None, None))
    assert "outliers: 1% of the held-out rows make" in found


def test_a_score_below_that_of_cross_validation_is_named():
    given = subject("binary", out_of_fold=out_of_fold("binary"))
    spoiled = np.where(RNG.random(400) < 0.3, "ja", given.truth).astype(object)
    found = evaluate(dataclasses.replace(given, truth=spoiled), asked=Evaluation())
    said = "on those that the search compared on, worse beyond chance"
    assert any(said in sentence for sentence in found.watch)


def test_a_score_like_that_of_cross_validation_is_not():
    found = evaluate(subject("binary", out_of_fold=out_of_fold("binary")), asked=Evaluation())
    assert not any("cross-validation" in sentence for sentence in found.watch)


def test_few_rows_make_a_score_uncertain():
    found = evaluate(subject("binary", rows=24), asked=Evaluation())
    wide = found.findings.intervals["roc_auc"].half >= 0.1
    assert any(sentence.startswith("roc_auc is uncertain") for sentence in found.watch) == wide


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_sentence_is_one_line(task):
    assert all("\n" not in sentence for sentence in report(task).watch)
