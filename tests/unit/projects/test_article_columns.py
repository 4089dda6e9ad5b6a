"""Which columns are articles: found by their words, or named by the requirement."""

import numpy as np
import pandas as pd
import pytest

from projects.article_columns import find_articles
from projects.errors import BadInput
from projects.features import read_features
from projects.requirement.text_section import TextSection
from tests.unit.projects.test_free_text import notes

ROWS = 64


def table(**more):
    columns = {"size": np.arange(ROWS) / 7, "note": notes(), "city": ["Rom", "Oslo"] * (ROWS // 2)}
    frame = pd.DataFrame({**columns, **more})
    return frame.astype({name: object for name in frame if name != "size"})


def found(frame=None, dates=(), **asked):
    articles, _ = find_articles(table() if frame is None else frame, TextSection(**asked), dates)
    return [dict(zip(one.columns, one.roles, strict=True)) for one in articles]


def test_free_text_is_found():
    assert found() == [{"note": "text"}]


def test_it_is_told():
    _, told = find_articles(table(), TextSection())
    assert told == ("column 'note' is read as free text: 10 words on average, 100% of its texts differ",)


def test_none_reads_texts_as_labels():
    assert found(configuration="none") == []


def test_a_title_stands_before_its_text():
    assert found(table(headline=notes()[::-1])) == [{"headline": "title", "note": "text"}]


def test_a_title_alone_is_a_text():
    frame = table().rename(columns={"note": "title"})
    assert found(frame) == [{"title": "text"}]


def test_a_column_called_source_says_who_wrote_it():
    assert found(table(source=["BBC", "CNN"] * 32, lead_source=["a", "b"] * 32)) == [
        {"note": "text", "source": "source"}
    ]


def test_the_source_of_something_else_is_no_publisher():
    assert found(table(lead_source=["a", "b"] * 32)) == [{"note": "text"}]


def test_other_free_texts_are_articles_of_their_own():
    assert found(table(answer=notes()[::-1])) == [{"note": "text"}, {"answer": "text"}]


def test_no_more_than_three_are_taken_unasked():
    more = {f"more_{n}": [f"{'word ' * n}{note}" for note in notes()] for n in range(1, 5)}
    assert found(table(**more)) == [{"more_2": "text"}, {"more_3": "text"}, {"more_4": "text"}]


def test_named_columns_are_taken_whatever_they_hold():
    assert found(columns=("city",), published="note") == [{"city": "text", "note": "published"}]


def test_a_column_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(
        BadInput, match=r"features.text names the column 'nots', which is not learned from; did"
    ):
        found(columns=("nots",))


def test_a_column_of_numbers_is_refused():
    with pytest.raises(BadInput, match="names the column 'size', which holds numbers; name one of texts"):
        found(columns=("size",))


def test_dates_are_no_text():
    assert found(dates=("note",)) == []


def test_free_text_is_no_label_of_the_features():
    inputs = read_features(table(source=["BBC", "CNN"] * 32)).inputs
    assert inputs.texts == ("city", "source")
    assert inputs.free_texts == ("note",)
    assert inputs.names == ("size", "city", "source", "note")


def test_a_named_column_of_ids_stays():
    frame = table(code=[f"x{n}" for n in range(ROWS)])
    named = read_features(frame, articles=TextSection(columns=("code",)))
    assert named.inputs.free_texts == ("code",)


def test_chinese_notes_are_no_ids():
    frame = table().assign(note=[f"新しい製品が{chr(0x4E00 + n)}市で発表されました" for n in range(ROWS)])
    assert read_features(frame).inputs.free_texts == ("note",)


@pytest.mark.parametrize("name", ["___", "article", "news"])
def test_a_column_that_names_no_publisher_is_no_source(name):
    assert found(table(**{name: ["one", "two"] * (ROWS // 2)})) == [{"note": "text"}]


def test_a_named_source_that_says_nothing_is_left_out_as_any_column_is():
    read = read_features(table(by=["BBC"] * ROWS), articles=TextSection(columns=("note",), source="by"))
    assert read.articles[0].columns == ("note",)
    assert "column 'by' is left out: it is constant ('BBC' in every row that has a value)" in read.notices
