"""What a contest found, as it is told: on how many folds it was compared, and with which scores."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from projects.course import course_of
from projects.evaluation.metrics import BY_NAME
from projects.learning.compare import Validation
from projects.learning.winner import Ranked


def validated(*scores):
    return Validation({"roc_auc": float(np.mean(scores))}, {"roc_auc": float(np.std(scores))}, 2.0,
                      {"roc_auc": scores})  # fmt: skip


@dataclass
class Found:
    """What is read of a winner."""

    validation: Validation
    name: str = "lightgbm"
    curves: dict = field(default_factory=dict)
    ranking: tuple = ()

    @property
    def candidate(self):
        return SimpleNamespace(name=self.name)

    @property
    def tuning(self):
        return SimpleNamespace(validation=self.validation)


FOLDS = [(np.arange(80), np.arange(80, 100))] * 5
PROBLEM = SimpleNamespace(metric=BY_NAME["roc_auc"], rows=SimpleNamespace(folds=FOLDS))


def test_the_folds_are_those_that_were_scored_not_those_there_are():
    assert course_of(Found(validated(0.9, 0.8)), PROBLEM).folds == 2
    assert course_of(Found(validated(0.9)), PROBLEM).folds == 1


def test_the_ratio_is_that_of_the_folds_rows():
    assert course_of(Found(validated(0.9)), PROBLEM).ratio == 0.25


def test_scores_by_fold_go_with_the_ranking_and_the_skipped_say_why():
    ranking = (Ranked("lightgbm", validated(0.9, 0.8)), Ranked("svm", None, reason="the time was up"))
    first, second = course_of(Found(validated(0.9, 0.8), ranking=ranking), PROBLEM).ranking
    assert (first.mean, first.scores) == (pytest.approx(0.85), (0.9, 0.8))
    assert (second.mean, second.skipped) == (None, "the time was up")


@pytest.mark.parametrize(("name", "unit"), [("lightgbm", "round"), ("mlp", "epoch")])
def test_losses_are_told_by_rounds_or_epochs(name, unit):
    course = course_of(Found(validated(0.9), name, {name: (0.5, 0.4)}), PROBLEM)
    assert course.round_unit == unit
    assert course.losses == {f"{name}: rows not learned from": (0.5, 0.4)}
