"""Free text is told apart from names, labels, ids and addresses; on every public table too."""

import pandas as pd
import pytest

from projects.free_text import count_words, wordiness

SUBJECTS = ("the router", "our invoice", "my old laptop", "a new phone")
WORDS = ("stopped working again", "was never delivered to us", "needs a repair soon", "makes a strange noise")


def is_free(texts):
    return wordiness(pd.Series(texts, dtype=object)).is_free


def notes(rows=64):
    return [
        f"{SUBJECTS[n % 4]} {WORDS[n // 4 % 4]} since week {'abcdefgh'[n // 16 % 8]}" for n in range(rows)
    ]


def test_notes_are_free_text():
    assert is_free(notes())


def test_notes_with_a_number_each_are_free_text():
    assert is_free([f"order {n} was not delivered to my door" for n in range(50)])


def test_gaps_do_not_count():
    assert is_free([*notes(), *[None] * 500])


def test_long_labels_that_repeat_are_not():
    assert not is_free(notes(16) * 20)


def test_a_few_notes_are_not():
    assert not is_free(notes()[:19])


@pytest.mark.parametrize(
    "make",
    [
        lambda n: f"Mc{n}ab, Mr. Owen Harris",
        lambda n: f"user-{n}",
        lambda n: f"{n} Evergreen Terrace, Springfield, Illinois 62{n:03}, United States",
        lambda n: f"https://shop.example/{n}/a/long/path",
        lambda n: f"{n} 17 4 {n} 9 12 33",
    ],
    ids=["names", "ids", "addresses", "links", "numbers"],
)
def test_what_many_tables_hold_is_not(make):
    assert not is_free([make(n) for n in range(100)])


def test_a_column_of_nothing_is_not():
    assert not is_free([None, None])


def test_scripts_without_blanks_are_read_by_their_marks():
    assert count_words("新しい製品が発表されました") == 6.5
    assert is_free(
        [f"新しい製品が{mark}市で発表されました" for mark in "東京大阪横浜名古屋札幌福岡神戸川崎京都広島仙台"]
    )


def test_other_scripts_have_words():
    assert count_words("Под южно дърво, цъфтящо в синьо") == 6
    assert count_words("مرحبا بالعالم") == 2


def test_only_the_beginning_of_ten_megabytes_is_looked_at():
    assert wordiness(pd.Series(["word " * 2_000_000], dtype=object)).words == 200


def test_what_is_told():
    assert wordiness(pd.Series(["a b c", "a b c", None], dtype=object)).told == (
        "3 words on average, 50% of its texts differ"
    )


@pytest.mark.parametrize(
    ("file", "options", "free"),
    [
        ("text/it_service_tickets.csv.gz", {}, {"Document"}),
        ("text/news_aggregator_valid.tsv", {"sep": "\t", "header": None, "quoting": 3}, {"1"}),
        ("tabular/employee_salaries.csv.gz", {}, set()),
        ("tabular/titanic_train.csv", {}, set()),
        ("tabular/german_credit_named.csv", {}, set()),
        ("tabular/telco_customer_churn.csv", {}, set()),
        ("messy/retail_by_day/2011-12-09.csv", {}, set()),
    ],
)
def test_columns_of_public_tables(shared_data, file, options, free):
    frame = pd.read_csv(shared_data / file, **options).astype(object)
    assert {str(name) for name in frame if wordiness(frame[name]).is_free} == free
