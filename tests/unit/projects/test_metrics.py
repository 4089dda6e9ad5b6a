"""Metrics equal scikit-learn's own, and only those with a meaning are computed."""

import numpy as np
import pytest
from sklearn import metrics as sk

from projects.errors import BadInput
from projects.evaluation.metrics import METRICS, Answers, find_metric, measure_all, metric_for

TRUTH = np.array(["no", "yes", "yes", "no", "yes"], dtype=object)
SHARES = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
SAID = np.array(["no", "yes", "no", "no", "yes"], dtype=object)
BINARY = Answers(TRUTH, SAID, SHARES, ("no", "yes"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("roc_auc", sk.roc_auc_score(TRUTH == "yes", SHARES[:, 1])),
        ("average_precision", sk.average_precision_score(TRUTH == "yes", SHARES[:, 1])),
        ("accuracy", sk.accuracy_score(TRUTH, SAID)),
        ("f1", sk.f1_score(TRUTH, SAID, pos_label="yes")),
        ("precision", sk.precision_score(TRUTH, SAID, pos_label="yes")),
        ("recall", sk.recall_score(TRUTH, SAID, pos_label="yes")),
        ("log_loss", sk.log_loss(TRUTH, SHARES, labels=["no", "yes"])),
    ],
)
def test_two_classes_are_measured_as_scikit_learn_does(name, wanted):
    assert measure_all(BINARY, "binary")[name] == pytest.approx(wanted)


def test_several_classes_are_averaged_over_the_classes():
    truth, said = np.array([1, 2, 3, 1]), np.array([1, 2, 1, 1])
    shares = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.5, 0.2, 0.3], [0.6, 0.2, 0.2]])
    found = measure_all(Answers(truth, said, shares, (1, 2, 3)), "multiclass")
    assert found["f1"] == pytest.approx(sk.f1_score(truth, said, average="macro"))
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(truth, shares, multi_class="ovr"))
    assert "average_precision" not in found


def test_a_class_that_is_not_there_leaves_the_area_out():
    rows = np.array([True, False, False, True, False])
    found = measure_all(Answers(TRUTH[rows], SAID[rows], SHARES[rows], ("no", "yes")), "binary")
    assert "roc_auc" not in found
    assert "log_loss" in found


def test_a_regression_is_measured_in_the_targets_unit():
    truth, said = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0])
    found = measure_all(Answers(truth, said, None, None), "regression")
    assert found["rmse"] == pytest.approx(np.sqrt(5 / 3))
    assert found["mae"] == pytest.approx(1.0)


def test_mape_is_left_out_where_the_truth_is_zero():
    found = measure_all(Answers(np.array([0.0, 2.0]), np.array([1.0, 2.0]), None, None), "regression")
    assert "mape" not in found


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_found_by_its_own_name(metric):
    assert find_metric(metric.name) is metric


def test_a_metric_of_another_task_is_refused():
    with pytest.raises(BadInput, match="rmse has no meaning for binary; use one of roc_auc"):
        metric_for("rmse", "binary")
