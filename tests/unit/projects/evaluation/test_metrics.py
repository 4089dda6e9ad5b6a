"""Metrics equal scikit-learn's own, and only those with a meaning are computed."""

import numpy as np
import pytest
from sklearn import metrics as sk

from projects.errors import BadInput
from projects.evaluation.metrics import COSTS, METRICS, Answers, find_metric, measure_all, metric_for

RNG = np.random.default_rng(0)
LABELS = np.array(["no", "yes"], dtype=object)
CODES = RNG.integers(0, 2, 200)
SCORE = np.clip(0.35 * CODES + RNG.random(200) * 0.65, 0, 1).round(2)
SHARES = np.column_stack([1 - SCORE, SCORE])
BINARY = Answers(LABELS[CODES], LABELS[(SCORE > 0.5).astype(int)], SHARES, ("no", "yes"))
TRUTH, SAID = BINARY.truth, BINARY.predictions

THREE = np.array([1, 2, 5])
TRUTH3 = THREE[RNG.choice(3, 300, p=[0.6, 0.3, 0.1])]
RAW = RNG.random((300, 3)) + 0.8 * (TRUTH3[:, None] == THREE)
SHARES3 = RAW / RAW.sum(axis=1, keepdims=True)
SAID3 = THREE[SHARES3.argmax(axis=1)]
SEVERAL = Answers(TRUTH3, SAID3, SHARES3, (1, 2, 5))

Y = RNG.normal(10, 3, 100)
Y_SAID = Y + RNG.normal(0, 1, 100)
NUMBERS = Answers(Y, Y_SAID, None, None)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("roc_auc", sk.roc_auc_score(TRUTH == "yes", SCORE)),
        ("average_precision", sk.average_precision_score(TRUTH == "yes", SCORE)),
        ("accuracy", sk.accuracy_score(TRUTH, SAID)),
        ("balanced_accuracy", sk.balanced_accuracy_score(TRUTH, SAID)),
        ("f1", sk.f1_score(TRUTH, SAID, pos_label="yes")),
        ("precision", sk.precision_score(TRUTH, SAID, pos_label="yes")),
        ("recall", sk.recall_score(TRUTH, SAID, pos_label="yes")),
        ("mcc", sk.matthews_corrcoef(TRUTH, SAID)),
        ("log_loss", sk.log_loss(TRUTH, SHARES, labels=["no", "yes"])),
        ("brier", sk.brier_score_loss(TRUTH, SCORE, pos_label="yes")),
        ("f1_macro", sk.f1_score(TRUTH, SAID, average="macro")),
        ("f1_weighted", sk.f1_score(TRUTH, SAID, average="weighted")),
        ("precision_macro", sk.precision_score(TRUTH, SAID, average="macro")),
        ("precision_weighted", sk.precision_score(TRUTH, SAID, average="weighted")),
        ("recall_macro", sk.recall_score(TRUTH, SAID, average="macro")),
        ("recall_weighted", sk.recall_score(TRUTH, SAID, average="weighted")),
    ],
)
def test_two_classes_are_measured_as_scikit_learn_does(name, wanted):
    assert measure_all(BINARY, "binary")[name] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("roc_auc_ovr_macro", sk.roc_auc_score(TRUTH3, SHARES3, multi_class="ovr", average="macro")),
        ("roc_auc_ovr_weighted", sk.roc_auc_score(TRUTH3, SHARES3, multi_class="ovr", average="weighted")),
        (
            "average_precision_macro",
            np.mean([sk.average_precision_score(c == TRUTH3, SHARES3[:, k]) for k, c in enumerate(THREE)]),
        ),
        ("accuracy", sk.accuracy_score(TRUTH3, SAID3)),
        ("balanced_accuracy", sk.balanced_accuracy_score(TRUTH3, SAID3)),
        ("mcc", sk.matthews_corrcoef(TRUTH3, SAID3)),
        ("log_loss", sk.log_loss(TRUTH3, SHARES3)),
        ("brier", sk.brier_score_loss(TRUTH3, SHARES3)),
        ("f1_macro", sk.f1_score(TRUTH3, SAID3, average="macro")),
        ("f1_weighted", sk.f1_score(TRUTH3, SAID3, average="weighted")),
        ("f1_micro", sk.f1_score(TRUTH3, SAID3, average="micro")),
        ("precision_macro", sk.precision_score(TRUTH3, SAID3, average="macro")),
        ("precision_weighted", sk.precision_score(TRUTH3, SAID3, average="weighted")),
        ("recall_macro", sk.recall_score(TRUTH3, SAID3, average="macro")),
        ("recall_weighted", sk.recall_score(TRUTH3, SAID3, average="weighted")),
    ],
)
def test_several_classes_are_measured_as_scikit_learn_does(name, wanted):
    assert measure_all(SEVERAL, "multiclass")[name] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", ["f1", "precision", "recall", "average_precision"])
def test_for_several_classes_a_plain_name_is_the_mean_over_the_classes(name):
    found = measure_all(SEVERAL, "multiclass")
    assert found[name] == found[f"{name}_macro"]


def test_for_several_classes_the_plain_roc_auc_is_that_against_the_rest():
    found = measure_all(SEVERAL, "multiclass")
    assert found["roc_auc"] == found["roc_auc_ovr_macro"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("rmse", sk.root_mean_squared_error(Y, Y_SAID)),
        ("mse", sk.mean_squared_error(Y, Y_SAID)),
        ("r2", sk.r2_score(Y, Y_SAID)),
        ("mae", sk.mean_absolute_error(Y, Y_SAID)),
        ("median_absolute_error", sk.median_absolute_error(Y, Y_SAID)),
        ("mape", sk.mean_absolute_percentage_error(Y, Y_SAID)),
        ("explained_variance", sk.explained_variance_score(Y, Y_SAID)),
    ],
)
def test_numbers_are_measured_as_scikit_learn_does(name, wanted):
    assert measure_all(NUMBERS, "regression")[name] == pytest.approx(wanted, rel=1e-12)


def test_the_confusion_matrix_is_scikit_learns():
    assert (SEVERAL.counts == sk.confusion_matrix(TRUTH3, SAID3)).all()


def test_a_class_that_is_not_there_leaves_the_areas_out_and_the_rest_in():
    rows = TRUTH3 != 5
    found = measure_all(SEVERAL.take(rows), "multiclass")
    assert "roc_auc" not in found
    assert "average_precision" not in found
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        wanted = sk.balanced_accuracy_score(TRUTH3[rows], SAID3[rows])
    assert found["balanced_accuracy"] == pytest.approx(wanted)
    assert found["f1_macro"] == pytest.approx(sk.f1_score(TRUTH3[rows], SAID3[rows], average="macro"))


def test_a_class_that_nobody_has_and_nobody_is_called_counts_in_no_mean():
    rows = (TRUTH3 != 5) & (SAID3 != 5)
    found = measure_all(SEVERAL.take(rows), "multiclass")
    assert found["f1_macro"] == pytest.approx(sk.f1_score(TRUTH3[rows], SAID3[rows], average="macro"))


def test_one_answer_for_all_rows_has_no_correlation():
    same = Answers(TRUTH, np.full(200, "no", dtype=object), SHARES, ("no", "yes"))
    assert measure_all(same, "binary")["mcc"] == 0


def test_a_model_without_probabilities_is_measured_by_its_labels_alone():
    found = measure_all(Answers(TRUTH, SAID, None, ("no", "yes")), "binary")
    assert {"roc_auc", "average_precision", "log_loss", "brier"}.isdisjoint(found)
    assert found["f1"] == measure_all(BINARY, "binary")["f1"]


def test_mape_is_left_out_where_the_truth_is_zero():
    found = measure_all(Answers(np.array([0.0, 2.0]), np.array([1.0, 2.0]), None, None), "regression")
    assert "mape" not in found


def test_one_row_has_no_explained_variance():
    found = measure_all(Answers(np.array([2.0]), np.array([1.0]), None, None), "regression")
    assert set(found) == {"rmse", "mse", "mae", "median_absolute_error", "mape"}


def test_a_truth_that_never_varies_gives_scikit_learns_r2():
    same = np.full(5, 3.0)
    assert measure_all(Answers(same, same + 1, None, None), "regression")["r2"] == 0


def test_answers_that_are_no_numbers_are_refused():
    broken = Y_SAID.copy()
    broken[[3, 5]] = np.nan, np.inf
    with pytest.raises(ValueError, match="the model answers 2 of 100 rows with NaN or infinity"):
        measure_all(Answers(Y, broken, None, None), "regression")


def test_a_label_that_is_no_class_is_refused():
    with pytest.raises(BadInput, match="row 1 has the label 'maybe', which is none of: 'no', 'yes'"):
        _ = Answers(np.array(["no", "maybe"], dtype=object), SAID[:2], SHARES[:2], ("no", "yes")).codes


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_found_by_its_own_name(metric):
    assert find_metric(metric.name) is metric
    assert find_metric(metric.name.replace("_", " ").upper()) is metric


def test_no_two_metrics_share_a_name():
    aliases = [alias for metric in (*METRICS, *COSTS) for alias in metric.aliases]
    names = [metric.name.replace("_", "") for metric in (*METRICS, *COSTS)]
    assert len({*aliases, *names}) == len(aliases) + len(names)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("macro F1", "f1_macro"), ("F1 (macro)", "f1_macro"), ("weighted F1-score", "f1_weighted"),
        ("F1-Score", "f1"), ("R^2", "r2"), ("R\N{SUPERSCRIPT TWO}", "r2"), ("ROC AUC", "roc_auc"),
        ("AUC-ROC", "roc_auc"), ("AUC score", "roc_auc"), ("PR-AUC", "average_precision"),
        ("AUPRC", "average_precision"), ("Accuracy", "accuracy"), ("mean absolute error", "mae"),
        ("Root Mean Squared Error", "rmse"), ("sensitivity", "recall"), ("log-loss", "log_loss"),
        ("MCC", "mcc"), ("Brier score", "brier"), ("balanced accuracy", "balanced_accuracy"),
        ("median absolute error", "median_absolute_error"), ("explained variance", "explained_variance"),
    ],
)  # fmt: skip
def test_metrics_are_found_as_people_write_them(word, name):
    assert find_metric(word).name == name


def test_a_metric_of_another_task_is_refused():
    with pytest.raises(BadInput, match="rmse has no meaning for binary; use one of roc_auc"):
        metric_for("rmse", "binary")


def test_nothing_is_compared_by_a_cost():
    with pytest.raises(BadInput, match="'latency' is a cost, which a gate can bound; compare by a score"):
        metric_for("latency", "binary")
