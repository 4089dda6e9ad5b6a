"""The rows that candidates are compared on keep what a comparison needs."""

import numpy as np
import pytest

from projects.learning.compare import answers_of, rows_to_compare
from projects.learning.matrices import codes_of, some
from tests.unit.projects.learning.learning_fixtures import LABELS, table, truth


def rows(task="binary", count=2400, most_rows=10_000, folds=5):
    frame = table(count)
    return rows_to_compare(
        frame, truth(frame, task), task, LABELS[task], folds=folds, most_rows=most_rows, seed=2
    )


def test_every_row_is_scored_once():
    assert sorted(at for _, scored in rows().folds for at in scored) == list(range(2400))


def test_few_rows_are_folded_twice():
    folded = rows(count=200)
    assert len(folded.folds) == 10
    assert sorted(at for _, scored in folded.folds for at in scored) == sorted([*range(200)] * 2)


@pytest.mark.parametrize("kept", [239, 238, 200])
def test_any_number_of_rows_may_be_compared_on(kept):
    assert len(rows(count=240, most_rows=kept).X) == kept


def folded_by(labels, **more):
    given = {"folds": 3, "most_rows": 10_000, "seed": 1} | more
    return rows_to_compare(table(len(labels)), labels, "binary", ("ja", "nein"), **given)


def test_a_rare_class_keeps_its_rows_and_is_in_every_fold():
    labels = np.array(["nein"] * 237 + ["ja"] * 3, dtype=object)
    for seed in range(5):
        folded = folded_by(labels, most_rows=100, seed=seed)
        assert [(folded.y[scored] == "ja").sum() for _, scored in folded.folds] == [1] * 6


def test_classes_keep_their_shares_among_the_rows_to_compare():
    labels = np.array(["nein"] * 180 + ["ja"] * 60, dtype=object)
    assert (folded_by(labels, most_rows=120).y == "ja").sum() == pytest.approx(30, abs=3)


def test_a_small_class_makes_fewer_folds():
    labels = np.array(["ja"] * 3 + ["nein"] * 237, dtype=object)
    assert len(folded_by(labels, folds=5).folds) == 2 * 3


def test_a_fold_of_numbers_never_holds_one_row_alone():
    assert {len(scored) for _, scored in rows("regression", count=16, folds=20).folds} == {2}


class KnowsTwo:
    classes_ = np.array(["a", "c"])

    def predict(self, X):
        return np.array(["a"] * len(X))

    def predict_proba(self, X):
        return np.tile([0.9, 0.1], (len(X), 1))


def test_a_class_that_was_never_seen_gets_no_share():
    answers = answers_of(KnowsTwo(), table(4), np.array(list("abca")), ("a", "b", "c"))
    np.testing.assert_array_equal(answers.probabilities, np.tile([0.9, 0.0, 0.1], (4, 1)))


def test_labels_become_codes_in_the_order_of_the_classes():
    assert codes_of(np.array(["b", "a", "b"], dtype=object), ("a", "b")).tolist() == [1, 0, 1]


def test_a_sample_keeps_two_rows_of_each_class():
    y = np.array([0] * 500 + [1] * 2)
    assert (y[some(y, 50, seed=1)] == 1).sum() == 2
    assert len(some(y, 50, seed=1)) == 50
