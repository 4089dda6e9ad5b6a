"""Quality is measured while serving by the names and values by which it was measured in training."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from monitoring.quality.measure import measure
from monitoring.quality.metric_names import METRICS
from projects.evaluation import metrics as training
from projects.evaluation.answers import Answers

CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c", "d")}


def classified(task: str, seed: int, rows: int = 400) -> Answers:
    """Answers with ties among the probabilities, and predictions that are not always the likeliest."""
    rng = np.random.default_rng(seed)
    classes = np.array(CLASSES[task])
    shares = np.round(rng.dirichlet(np.ones(len(classes)), rows), 2) + 0.01
    shares /= shares.sum(axis=1, keepdims=True)
    truth = (shares.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, len(classes) - 1)
    said = np.where(rng.random(rows) < 0.1, 0, shares.argmax(axis=1))
    return Answers(classes[truth], classes[said], shares, tuple(classes.tolist()))


def numbers(seed: int, rows: int = 400) -> Answers:
    rng = np.random.default_rng(seed)
    truth = rng.normal(20, 5, rows)
    return Answers(truth, truth + rng.standard_t(3, rows), None, None)


def logged(answers: Answers) -> pa.Table:
    columns = {"prediction": answers.predictions, "label": answers.truth}
    if answers.probabilities is not None:
        columns["probabilities"] = list(answers.probabilities)
    return pa.table(columns)


def both(answers: Answers, task: str) -> tuple[dict[str, float], dict[str, float]]:
    found = measure(logged(answers), task=task, classes=answers.classes, seed=0)
    assert found is not None
    return found.values, training.measure_all(answers, task)


def test_the_metrics_are_trainings_by_name_task_direction_and_span() -> None:
    ours = [(m.name, m.tasks, m.is_better_higher, m.span) for m in METRICS.values()]
    theirs = [(m.name, m.tasks, m.is_better_higher, m.span) for m in training.METRICS]
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_values_are_those_that_training_computes(task: str, seed: int) -> None:
    answers = numbers(seed) if task == "regression" else classified(task, seed)
    ours, theirs = both(answers, task)
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_a_class_that_never_comes_leaves_out_what_training_leaves_out() -> None:
    answers = classified("multiclass", 0)
    ours, theirs = both(answers.take(answers.truth != "c"), "multiclass")
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_a_truth_of_one_class_leaves_out_what_training_leaves_out() -> None:
    answers = classified("binary", 0)
    ours, theirs = both(answers.take(answers.truth == "yes"), "binary")
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_a_zero_in_the_truth_leaves_out_mape_as_training_does() -> None:
    answers = numbers(0)
    answers.truth[3] = 0.0
    ours, theirs = both(answers, "regression")
    assert "mape" not in ours
    assert ours.keys() == theirs.keys()


def test_a_constant_truth_is_scored_as_training_scores_it() -> None:
    answers = numbers(0)
    ours, theirs = both(Answers(np.full(400, 5.0), answers.predictions, None, None), "regression")
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_rankings_and_losses_are_scikit_learns() -> None:
    answers = classified("binary", 5)
    truth, share = answers.truth == "yes", answers.probabilities[:, 1]
    ours, _ = both(answers, "binary")
    assert ours["roc_auc"] == pytest.approx(sk.roc_auc_score(truth, share), rel=1e-12)
    assert ours["average_precision"] == pytest.approx(sk.average_precision_score(truth, share), rel=1e-12)
    assert ours["log_loss"] == pytest.approx(sk.log_loss(truth, share), rel=1e-12)
    assert ours["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, answers.predictions == "yes"), rel=1e-12)
