"""The rows to look at are the surest mistakes and the largest errors."""

import numpy as np
import pandas as pd

from projects.evaluation.metrics import Answers
from projects.evaluation.worst import examples, worst

X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": ["x", None, "z", "ü"]})
CLASSES = Answers(np.array(["n", "j", "j", "n"], dtype=object), np.array(["n", "n", "n", "j"], dtype=object),
                  np.array([[0.9, 0.1], [0.7, 0.3], [0.95, 0.05], [0.4, 0.6]]), ("n", "j"))  # fmt: skip


def test_the_surest_mistakes_come_first_and_right_answers_not_at_all():
    found = worst(CLASSES, X)
    assert found["row"].tolist() == [2, 1, 3]
    assert found["probability_of_prediction"].tolist() == [0.95, 0.7, 0.6]
    assert found["a"].tolist() == [3.0, 2.0, 4.0]


def test_the_largest_errors_of_numbers_come_first():
    found = worst(Answers(np.zeros(4), np.array([1.0, -5.0, 0.0, 2.0]), None, None), X)
    assert found[["row", "error"]].to_numpy().tolist() == [[1, -5], [3, 2], [0, 1]]


def test_mistakes_without_probabilities_are_shown_too():
    found = worst(Answers(CLASSES.truth, CLASSES.predictions, None, CLASSES.classes), X)
    assert found["row"].tolist() == [1, 2, 3]


def test_a_model_without_mistakes_has_no_worst_rows():
    assert len(worst(CLASSES.take(np.array([0])), X.iloc[:1])) == 0


def test_examples_are_rows_in_their_order_and_the_same_each_time():
    found = examples(CLASSES, X, seed=1, rows=3)
    assert found["row"].is_monotonic_increasing
    assert found.equals(examples(CLASSES, X, seed=1, rows=3))


def test_a_column_called_row_does_not_clash():
    assert "column row" in worst(CLASSES, X.rename(columns={"a": "row"})).columns
