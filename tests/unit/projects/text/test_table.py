"""Articles as a table: which columns there are, and where a title goes that has none."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.text.article import Article, read_articles
from projects.text.table import table_of

BOTH = {"title": "Rain", "text": "It fell", "source": "Reuters", "published": "2014-03-10"}


def test_texts_are_one_column():
    assert table_of(["a", "b"]).to_dict("list") == {"text": ["a", "b"]}


def test_keys_are_columns_in_their_own_order():
    assert list(table_of([BOTH, "a"]).columns) == ["title", "text", "source", "published"]


def test_other_keys_are_passed_over():
    assert list(table_of([{"text": "a", "url": "x"}]).columns) == ["text"]


def test_what_an_article_lacks_is_none():
    assert table_of([BOTH, {"title": "Snow"}])["text"].tolist() == ["It fell", None]


def test_a_title_without_a_column_stands_before_the_text():
    assert table_of([BOTH], ["text"]).to_dict("list") == {"text": ["Rain It fell"]}


def test_a_text_without_a_column_stands_behind_the_title():
    assert table_of([BOTH, "Snow"], ["title", "source"]).to_dict("list") == {
        "title": ["Rain It fell", "Snow"],
        "source": ["Reuters", None],
    }


def test_a_table_keeps_the_columns_of_articles():
    frame = pd.DataFrame({"title": ["Rain", np.nan], "url": ["x", "y"], "source": ["R", "S"]}, index=[7, 3])
    assert table_of(frame).to_dict("list") == {"title": ["Rain", None], "source": ["R", "S"]}


@pytest.mark.parametrize("article", ["plain", BOTH, {"title": "Only"}, None, 3, b"bytes", Article("a", "R")])
def test_a_tables_row_reads_as_the_article_does(article):
    table = table_of([article])
    assert read_articles(table, tuple(table.columns)) == read_articles([article])


def test_no_articles_are_an_empty_table():
    assert table_of([]).shape == (0, 1)


@pytest.mark.parametrize(
    ("articles", "sentence"),
    [
        ([BOTH, {"body": "a"}], "article 1: an article must be a text, or a mapping with 'title' or 'text'"),
        ([["a", "b"]], "article 0: an article must be a text or a mapping, not a list"),
        (BOTH, "a list of articles is wanted, not one dict; put it in a list"),
        (pd.DataFrame({"body": ["a"], "url": ["x"]}), "'title' or 'text'; it has 'body', 'url'"),
    ],
)
def test_what_is_no_article_is_refused(articles, sentence):
    with pytest.raises(BadInput) as caught:
        table_of(articles)
    assert sentence in str(caught.value)


def test_a_table_with_a_column_twice_is_refused():
    table = pd.DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(BadInput, match="has the column 'text' twice; rename one"):
        table_of(table)
