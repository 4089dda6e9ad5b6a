"""The threshold is chosen on out-of-fold rows, moves the label and leaves the probabilities."""

import numpy as np
import pytest
from sklearn import metrics as sk

from projects.errors import BadInput
from projects.evaluation.gate import parse_gate
from projects.evaluation.metrics import BY_NAME, Answers
from projects.evaluation.threshold import apply, choose, curves_of, labelled_at
from tests.unit.projects.evaluation.evaluation_fixtures import fitted, table

RNG = np.random.default_rng(4)


def answers(rows=2000, positive=0.1):
    truth = RNG.random(rows) < positive
    score = 1 / (1 + np.exp(-RNG.normal(np.where(truth, -0.5, -2.5), 1)))
    labels = np.array(["no", "yes"], dtype=object)
    return Answers(labels[truth.astype(int)], labels[(score > 0.5).astype(int)],
                   np.column_stack([1 - score, score]), ("no", "yes"))  # fmt: skip


GIVEN = answers()


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("precision", lambda y, p: sk.precision_score(y, p, zero_division=0)),
        ("recall", sk.recall_score),
        ("f1", sk.f1_score),
        ("f1_macro", lambda y, p: sk.f1_score(y, p, average="macro")),
        ("f1_weighted", lambda y, p: sk.f1_score(y, p, average="weighted")),
        ("accuracy", sk.accuracy_score),
        ("balanced_accuracy", sk.balanced_accuracy_score),
        ("mcc", sk.matthews_corrcoef),
    ],
)
def test_each_threshold_gives_scikit_learns_score(name, score):
    curves = curves_of(GIVEN)
    truth = GIVEN.codes
    for place in range(0, len(curves.thresholds), 57):
        said = (GIVEN.probabilities[:, 1] >= curves.thresholds[place]).astype(int)
        assert curves.scores[name][place] == pytest.approx(score(truth, said))


def test_the_cost_counts_false_alarms_and_misses():
    curves = curves_of(GIVEN, false_alarm=1, miss=5)
    place = int(np.abs(curves.thresholds - 0.5).argmin())
    (_, fp), (fn, _) = sk.confusion_matrix(GIVEN.codes, GIVEN.probabilities[:, 1] >= 0.5)
    assert curves.cost[place] == pytest.approx((fp + 5 * fn) / len(GIVEN))


def test_the_threshold_of_an_imbalanced_task_is_where_f1_is_best():
    found = choose(GIVEN, "auto")
    best = max(
        sk.f1_score(GIVEN.codes, GIVEN.probabilities[:, 1] >= cut) for cut in np.linspace(0.01, 0.99, 99)
    )
    at = sk.f1_score(GIVEN.codes, GIVEN.probabilities[:, 1] >= found.threshold)
    assert at >= best - 0.005
    assert found.goal == "f1"
    assert "there f1 is best on out-of-fold rows" in found.sentence


def test_the_goal_is_the_metric_compared_by_if_a_threshold_moves_it():
    assert choose(GIVEN, "auto", metric=BY_NAME["balanced_accuracy"]).goal == "balanced_accuracy"
    assert choose(GIVEN, "auto", metric=BY_NAME["roc_auc"]).goal == "f1"
    assert choose(GIVEN, "auto", metric=BY_NAME["recall"]).goal == "f1"


def test_clauses_of_the_gate_are_met_if_they_can_be():
    found = choose(GIVEN, "auto", gate=parse_gate("recall >= 0.9"))
    said = labelled_at(GIVEN, found.threshold)
    assert sk.recall_score(GIVEN.codes, said.said) >= 0.9
    assert "where recall >= 0.9" in found.sentence


def test_clauses_that_no_threshold_meets_are_named():
    found = choose(GIVEN, "auto", gate=parse_gate("recall >= 0.99 and precision > 0.98"))
    assert "(recall >= 0.99 and precision > 0.98 is met at no threshold)" in found.sentence


def test_balanced_classes_keep_a_half():
    found = choose(answers(positive=0.45), "auto")
    assert found.threshold == 0.5
    assert found.sentence.startswith("the threshold stays at 0.5: the classes are balanced (4")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "there are no out-of-fold answers of two classes"),
        (GIVEN.take(slice(0, 40)), "40 rows with"),
    ],
)
def test_too_little_to_choose_by_keeps_a_half(given, why):
    found = choose(given, "auto")
    assert found.threshold == 0.5
    assert why in found.sentence


def test_a_threshold_that_is_given_is_used():
    assert choose(None, 0.3).threshold == 0.3


def test_a_threshold_that_is_no_probability_is_refused():
    with pytest.raises(BadInput, match=r"threshold must be auto, half or a number between 0 and 1, not 1\.5"):
        choose(GIVEN, 1.5)


def test_the_label_moves_and_the_probabilities_stay():
    model, rows = fitted("lightgbm", "binary"), table(200, seed=20)
    moved = apply(model, 0.2, rows)
    assert (moved.predict_proba(rows) == model.predict_proba(rows)).all()
    assert (
        moved.predict(rows).tolist()
        == np.where(model.predict_proba(rows)[:, 1] >= 0.2, "nein", "ja").tolist()
    )


def test_a_threshold_at_a_half_answers_as_the_model():
    model, rows = fitted("lightgbm", "binary"), table(200, seed=20)
    assert (apply(model, 0.5, rows).predict(rows) == model.predict(rows)).all()


def test_probabilities_that_are_all_alike_have_curves():
    given = Answers(np.array([0, 1, 1]), np.zeros(3, int), np.full((3, 2), 0.5), (0, 1))
    assert curves_of(given).thresholds.tolist() == [0.5]


def test_a_row_at_the_threshold_is_positive():
    given = Answers(np.array([0, 1, 1]), np.zeros(3, int), np.full((3, 2), 0.5), (0, 1))
    assert curves_of(given).positives.tolist() == [1.0]
    assert labelled_at(given, 0.5).predictions.tolist() == [1, 1, 1]
