"""Sentences become tokens, names become words, and the forms of a word share a stem."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.requirement.quantities import quantity_at
from projects.requirement.spelling import corrected, edits
from projects.requirement.words import name_words, stem, tokens


@pytest.mark.parametrize(
    "forms",
    [
        "churn churns churned churning churners",
        "salary salaries",
        "survive survived survival survivor survivors",
        "price prices priced pricing",
        "category categories",
        "cancel cancelled canceled cancellation cancellations",
        "predict predicts predicted prediction predictions",
        "estimate estimating estimation",
        "rent rented rental rentals",
        "delay delays delayed",
        "leave left leaving leavers",
        "approve approved approval",
        "fraud fraudulent",
        "subscribe subscribed subscription",
        "categorise categorize",
        "colour color",
        "die died death",
    ],
)
def test_the_forms_of_a_word_share_a_stem(forms):
    assert len({stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    "pair", ["customer custom", "station state", "consumer consume", "weather we", "rate rain"]
)
def test_different_words_do_not(pair):
    one, other = pair.split()
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("TotalCharges", ("total", "charges")),
        ("default.payment.next.month", ("default", "payment", "next", "month")),
        ("PAY_AMT1", ("pay", "amount", "1")),
        ("customerID", ("customer", "id")),
        ("cnt", ("count",)),
        ("Air temperature [K]", ("air", "temperature", "k")),
        ("Größe-cm", ("größe", "cm")),
        ("___", ()),
    ],
)
def test_a_columns_name_is_split(name, words):
    assert name_words(name) == words


def test_names_in_quotes_and_with_marks_stay_whole():
    found = [
        (token.text, token.kind)
        for token in tokens("predict `Total Charges` from default.payment, R² >= 90%")
    ]
    assert ("Total Charges", "name") in found
    assert ("default.payment", "word") in found
    assert ("90%", "number") in found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100k", 100_000),
        ("1,325.5", 1325.5),
        ("$500", 500),
        ("1.5M", 1_500_000),
        ("two million", 2_000_000),
        ("half a million", 500_000),
        ("twenty five", 25),
        ("90%", 0.9),
        ("90 percent", 0.9),
        ("a hundred", 100),
    ],
)
def test_a_number_is_read_as_people_write_it(text, value):
    assert quantity_at(tokens(text), 0).value == value


def test_an_article_is_no_number():
    assert quantity_at(tokens("a customer"), 0) is None


@given(st.text(max_size=60))
def test_any_text_can_be_taken_apart(text):
    for token in tokens(text):
        assert token.text
        stem(token.lower)
    name_words(text)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_the_same_both_ways(one, other):
    assert edits(one, other, most=2) == edits(other, one, most=2)


@pytest.mark.parametrize(
    ("typo", "meant"), [("chrun", "churn"), ("custmer", "customer"), ("salry", "salary")]
)
def test_a_typo_is_read_as_the_nearest_word(typo, meant):
    (found,) = corrected(tokens(typo), ["churn", "customer", "salary"], [])
    assert (found.lower, found.typo) == (meant, typo)


@pytest.mark.parametrize("word", ["chain", "churns", "chur", "price", "loan"])
def test_other_words_stay(word):
    (found,) = corrected(tokens(word), ["churn", "chairs"], ["chain", "price"])
    assert not found.typo
