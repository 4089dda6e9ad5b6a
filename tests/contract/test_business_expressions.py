"""What a requirement accepts as a business metric is what the monitor computes, and nothing else."""

import pytest

from monitoring.quality import expression as monitored
from projects.errors import BadInput
from projects.requirement import expression as asked

GOOD = (
    "sum(where(prediction == 1 and outcome == 0, MonthlyCharges, 0))",
    "mean(outcome == 'bought')",
    "value",
    "features['monthly charges'] * 2",
    "sum(value) / count()",
    "count(prediction == outcome) / count() - 0.5",
    "share(not (a < b <= c))",
    "most(a) - least(a)",
    "max(a, 0) if a > 1 else abs(-a)",
    "round(a, 2) % 3 // 1 + min(a, b, 4)",
    "1",
    "prediction",
    "'a' == outcome",
    "where(count() > 10, sum(value), 0)",
)
BAD = (
    "",
    " " * 3,
    "a" * 501,
    "a +",
    "__import__('os')",
    "a.b",
    "[a for a in b]",
    "lambda: 1",
    "a[0]",
    "features[0]",
    "other['a']",
    "None",
    "b'a'",
    "1j",
    "sum()",
    "sum(a, b)",
    "sum(a, b=1)",
    "summ(a)",
    "sum(mean(a))",
    "a - mean(a)",
    "where(a > mean(a), 1, 0)",
    "_a",
    "a ** 9",
    "a @ b",
    "a is b",
    "a in b",
    "(a := 1)",
    "f'{a}'",
    "+".join("a" * 120),
    "sum(a)(b)",
    "a\x00b",
)


def test_the_functions_names_and_bounds_are_the_same() -> None:
    names = ("OWN_NAMES", "FEATURES", "OVER_ROWS", "OF_ONE_ROW", "MOST_MARKS", "MOST_NODES", "ALLOWED")
    assert {name: getattr(monitored, name) for name in names} == {
        name: getattr(asked, name) for name in names
    }


@pytest.mark.parametrize("text", GOOD)
def test_what_one_reads_the_other_reads_alike(text: str) -> None:
    ours, theirs = monitored.parse(text), asked.parse_expression(text)
    assert set(ours.columns) == set(theirs.columns)
    assert ours.is_summed_up == theirs.is_summed_up


@pytest.mark.parametrize("text", BAD)
def test_what_one_refuses_the_other_refuses_for_the_same_reason(text: str) -> None:
    with pytest.raises(monitored.ExpressionError) as ours:
        monitored.parse(text)
    with pytest.raises(BadInput) as theirs:
        asked.parse_expression(text, name="x")
    assert str(ours.value)[:30] in str(theirs.value)
