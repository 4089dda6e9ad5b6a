"""Business metrics over whole columns, and what bad ones say."""

import pyarrow as pa
import pytest

from monitoring.quality.business import business

FEATURES = [
    {"fee": 10.0, "plan": "basic", "is_new": True, "notes": None},
    {"fee": 20.0, "plan": "plus", "is_new": False, "notes": None},
    {"fee": None, "plan": None, "is_new": True, "notes": None},
    {"fee": 40.0, "plan": "basic", "is_new": False, "notes": None},
]
ROWS = pa.table(
    {
        "prediction": ["yes", "no", "yes", "yes"],
        "label": [True, False, None, False],
        "value": [5.0, None, 7.0, -1.0],
        "features": pa.array(FEATURES),
    }
)


def computed(text: str) -> tuple[float, int]:
    found = business(ROWS, {"it": text}, classes=("no", "yes"))
    assert found is not None
    assert found.problems == ()
    return found.metrics["it"], found.rows["it"]


def problem(text: str, rows: pa.Table = ROWS) -> str:
    found = business(rows, {"it": text}, classes=("no", "yes"))
    assert found is not None
    assert found.metrics == {}
    return found.problems[0]


@pytest.mark.parametrize(
    ("text", "value", "rows"),
    [
        ("sum(where(prediction == 'yes' and outcome == 'no', fee, 0))", 40.0, 3),
        ("share(prediction == outcome)", 2 / 3, 3),
        ("count(outcome != prediction)", 1.0, 3),
        ("mean(outcome == 'yes')", 1 / 3, 3),
        ("sum(value)", 11.0, 3),
        ("mean(fee)", 70 / 3, 4),
        ("fee", 70 / 3, 4),
        ("features['fee'] * 2", 140 / 3, 4),
        ("count(fee > 0)", 3.0, 4),
        ("count(plan != 'basic')", 1.0, 4),
        ("count(is_new)", 2.0, 4),
        ("most(fee) - least(fee)", 30.0, 4),
        ("sum(max(fee, 15))", 75.0, 4),
        ("sum(10 < fee <= 40)", 2.0, 4),
        ("sum(fee if plan == 'basic' else -fee)", 30.0, 4),
        ("sum(fee // 15 + fee % 15)", 1 + 5 + 2 + 10 + 10, 4),
        ("round(mean(fee), 1)", 23.3, 4),
        ("count(not is_new or fee < 5)", 2.0, 4),
        ("where('a' == 'b', 1, 2)", 2.0, 4),
        ("count()", 4.0, 4),
    ],
)
def test_an_expression_comes_to(text: str, value: float, rows: int) -> None:
    assert computed(text) == (pytest.approx(value), rows)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sum(plan)", "the business metric 'it' uses a text as a number"),
        ("sum(fees)", "reads 'fees', which the log does not hold; did you mean 'fee'?"),
        ("sum(fee) / 0", "comes to inf on 4 rows: nothing to sum up, or divided by 0"),
        ("mean(notes)", "comes to nan on 4 rows"),
        ("where(fee > 1, 'a', 1)", "chooses between a text and a number"),
        ("summ(fee)", "calls 'summ', which is no function here; did you mean 'sum'?"),
        ("__import__('os').system('x')", "the business metric 'it' "),
        ("plan < 'c'", "uses a text as a number"),
    ],
)
def test_a_bad_expression_is_told_in_a_sentence(text: str, sentence: str) -> None:
    assert sentence in problem(text)


def test_without_any_outcome_what_reads_outcomes_says_so() -> None:
    rows = ROWS.drop_columns(["label", "value"])
    assert problem("mean(outcome == 'yes')", rows).endswith("no outcome that it reads has come")
    assert problem("sum(value)", rows).endswith("no outcome that it reads has come")


def test_a_problem_costs_the_others_nothing() -> None:
    found = business(ROWS, {"bad": "fee +", "good": "sum(fee)"})
    assert found is not None
    assert found.metrics == {"good": 70.0}


def test_at_most_twenty_are_computed() -> None:
    found = business(ROWS, {f"m{k:02d}": "count()" for k in range(25)})
    assert found is not None
    assert list(found.metrics) == [f"m{k:02d}" for k in range(20)]
    assert (
        "the policy has 25 business metrics; the first 20 by name are kept, without 'm20'"
        in found.problems[0]
    )


def test_without_expressions_there_is_nothing() -> None:
    assert business(ROWS, {}) is None


def test_a_log_without_features_is_told() -> None:
    assert "reads 'fee'" in problem("sum(fee)", ROWS.set_column(3, "features", pa.nulls(4)))


def test_a_number_too_large_for_a_double_is_told():
    assert problem("1" + "0" * 400) == "the business metric 'it' holds a number that is too large"


@pytest.mark.parametrize("text", ["share(('a' if 1 else 'b') == 'a')", "mean(where(1, 'a', 'b') != 'b')"])
def test_a_text_chosen_for_all_rows_alike_is_compared(text):
    assert computed(text)[0] == 1.0
