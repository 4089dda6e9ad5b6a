"""Weak parts are found beyond chance, and only those."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.evaluation.metrics import BY_NAME, Answers
from projects.evaluation.segments import as_table, in_words, segments, weak
from projects.evaluation.subject import Subject

RNG = np.random.default_rng(6)
ROWS = 1000
X = pd.DataFrame(
    {"city": RNG.choice(np.array(["Oslo", "Rom", None], dtype=object), ROWS), "noise": RNG.normal(size=ROWS)}
)
SUBJECT = Subject(None, "binary", (0, 1), X, None)
REGRESSION = Subject(None, "regression", None, X, None)


def classes(wrong_in_oslo):
    truth = RNG.integers(0, 2, ROWS)
    wrong = RNG.random(ROWS) < np.where(X["city"] == "Oslo", wrong_in_oslo, 0.1)
    said = np.where(wrong, 1 - truth, truth)
    return Answers(truth, said, np.column_stack([1 - said, said]) * 0.8 + 0.1, (0, 1))


def test_a_part_with_more_errors_is_weak_and_the_others_are_not():
    found = segments(SUBJECT, classes(0.35), ["city", "noise"], BY_NAME["roc_auc"])
    assert [(one.column, one.part) for one in weak(found)] == [("city", "Oslo")]


def test_parts_that_differ_by_chance_are_not_weak():
    assert weak(segments(SUBJECT, classes(0.1), ["city", "noise"], BY_NAME["roc_auc"])) == []


def test_more_parts_make_each_verdict_more_careful():
    answers = classes(0.3)
    few = segments(SUBJECT, answers, ["city"], BY_NAME["accuracy"])[0]
    many = segments(SUBJECT, answers, ["city", "noise"], BY_NAME["accuracy"])[0]
    assert (few.column, few.part) == (many.column, many.part)
    assert many.difference.half > few.difference.half


def test_the_figures_are_those_of_the_part():
    answers = classes(0.3)
    one = next(one for one in segments(SUBJECT, answers, ["city"], BY_NAME["accuracy"]) if one.part == "Rom")
    here = (X["city"] == "Rom").to_numpy()
    assert one.rows == here.sum()
    assert one.error == pytest.approx((answers.truth != answers.predictions)[here].mean())
    assert one.others == pytest.approx((answers.truth != answers.predictions)[~here].mean())
    assert one.score == pytest.approx(1 - one.error)
    assert one.bias == pytest.approx((answers.probabilities[:, 1] - answers.truth)[here].mean())


def test_missing_cells_are_a_part():
    found = segments(SUBJECT, classes(0.1), ["city"], BY_NAME["accuracy"])
    assert "(missing)" in [one.part for one in found]


def test_numbers_are_judged_by_their_mean_absolute_error():
    truth = RNG.normal(size=ROWS)
    said = truth + np.where(X["city"] == "Rom", 3.0, 1.0) * RNG.normal(size=ROWS)
    found = segments(REGRESSION, Answers(truth, said, None, None), ["city"], BY_NAME["rmse"])
    (one,) = weak(found)
    assert in_words(one, is_regression=True).startswith("weak where city is Rom (")
    assert "the mean error is 2." in in_words(one, is_regression=True)


def test_parts_of_few_rows_are_not_judged():
    few = Subject(None, "binary", (0, 1), pd.DataFrame({"c": ["a"] * 29 + ["b"] * 971}), None)
    assert segments(few, classes(0.1), ["c"], BY_NAME["accuracy"]) == ()


def test_columns_beside_the_models_own_can_be_looked_at():
    beside = Subject(
        None, "binary", (0, 1), X, None, beside=pd.DataFrame({"region": ["n", "s"] * (ROWS // 2)})
    )
    found = segments(beside, classes(0.1), ["region"], BY_NAME["accuracy"])
    assert [one.rows for one in found] == [500, 500]


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match=r"segments names 'citty', which is no column; did you mean 'city'\?"):
        segments(SUBJECT, classes(0.1), ["citty"], BY_NAME["accuracy"])


def test_the_table_has_a_row_a_part_and_its_verdict():
    found = as_table(segments(SUBJECT, classes(0.35), ["city"], BY_NAME["accuracy"]), BY_NAME["accuracy"])
    assert found.set_index("part").loc["Oslo", "verdict"] == "weak"
    assert set(found["verdict"]) <= {"weak", "strong", "as elsewhere"}
