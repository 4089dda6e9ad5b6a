"""A business metric is parsed and checked; nothing of Python gets in beside."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.errors import BadInput
from projects.requirement.expression import check_columns, parse_expression


@pytest.mark.parametrize(
    ("text", "columns", "is_summed_up"),
    [
        ("sum(where(prediction == 1 and outcome == 0, MonthlyCharges, 0))", ("MonthlyCharges",), True),
        ("mean(outcome == 'bought')", (), True),
        ("prediction - outcome", (), False),
        ("sum(value) / count()", (), True),
        ("100 * share(prediction != outcome)", (), True),
        ("features['monthly charges'] * 12", ("monthly charges",), False),
        ("max(outcome - prediction, 0) if tenure > 3 else 0", ("tenure",), False),
        ("most(amount) - least(amount)", ("amount",), True),
        ("sum(price)", ("price",), True),
    ],
)
def test_an_expression_is_read(text, columns, is_summed_up):
    found = parse_expression(text)
    assert (found.columns, found.is_summed_up) == (columns, is_summed_up)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must have from 1 to 500 marks, not 0"),
        ("x" * 501, "must have from 1 to 500 marks, not 501"),
        ("sum(", "is no expression"),
        ("a = 1", "is no expression"),
        ("__import__('os').system('x')", "calls 'that', which is no function here"),
        ("().__class__", "may not hold Attribute"),
        ("[x for x in y]", "may not hold ListComp"),
        ("lambda: 1", "may not hold Lambda"),
        ("f'{prediction}'", "may not hold JoinedStr"),
        ("9 ** 9 ** 9", "may not hold Pow"),
        ("eval('1')", "calls 'eval', which is no function here"),
        ("summ(price)", "calls 'summ', which is no function here; did you mean 'sum'?"),
        ("sum(price, 2)", "sum takes 1 values, not 2"),
        ("round(price, ndigits=2)", "round takes 1 to 2 values"),
        ("sum(*price)", "may not hold Starred"),
        ("price[0]", "may use brackets only as features['a column']"),
        ("__builtins__", "may not use names that begin with _"),
        ("1j", "may not hold 1j"),
        ("b'x'", "may not hold b'x'"),
        ("sum(mean(price))", "sums up what is summed up already"),
        ("sum(price) - price", "mixes a value of one row with a sum over all; put 'price' into"),
        ("(" * 150 + "1" + ")" * 150 + "+1" * 150, "marks, not|has .* parts"),
        ("-" * 400 + "1", "has 80. parts, at most 200|is no expression"),
        ("a\nb", "is no expression"),
    ],
)
def test_what_is_no_business_metric_is_refused(text, sentence):
    with pytest.raises(BadInput, match=sentence.replace("(", r"\(").replace("[", r"\[").replace("?", r"\?")):
        parse_expression(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(BadInput):
        assert parse_expression(text).text == text.strip()


def test_an_unknown_column_is_refused_with_the_nearest():
    found = parse_expression("sum(MonthlyCharge)")
    with pytest.raises(
        BadInput, match="reads 'MonthlyCharge', which is no column; did you mean 'MonthlyCharges'"
    ):
        check_columns(found, ["MonthlyCharges"], name="won")


def test_known_columns_pass():
    check_columns(parse_expression("sum(a) + sum(prediction)"), ["a"])
