"""Which parts of a text are passwords, and what stands in their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from projects.passwords import has_password, kept, shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("postgresql://ada:s3cret@db/shop#orders", "postgresql://ada:***@db/shop#orders"),
        ("mysql+pymysql://ada:p/q:r@db:3306/x", "mysql+pymysql://ada:***@db:3306/x"),
        ("postgresql://ada:se@cret@db/x?a=b@c", "postgresql://ada:***@db/x?a=b@c"),
        ("redis://:s3cret@db", "redis://:***@db"),
        ("postgresql://db/x?user=ada&password=s3cret&a=b", "postgresql://db/x?user=ada&password=***&a=b"),
        ("a://u:one@h/x,b://v:two@g/y and text", "a://u:***@h/x,b://v:***@g/y and text"),
        ("data_source={url: 'postgresql://ada:s3cret@db/x', table: t}",
         "data_source={url: 'postgresql://ada:***@db/x', table: t}"),
    ],
)  # fmt: skip
def test_a_password_is_shown_as_stars(text, told):
    assert shown(text) == told
    assert has_password(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ada:${DB_PASSWORD}@db/shop", "postgresql://ada@db/shop", "sqlite:///a:b/c.db",
        "s3://bucket/folder", "C:/data/a@b.csv", "http://host:8000/path", "at 12:30 to ann@example.com",
        "postgresql://db/x?password=${DB_PASSWORD}",
    ],
)  # fmt: skip
def test_what_holds_none_stays_as_it_is(text):
    assert shown(text) == kept(text) == text
    assert not has_password(text)


def test_what_is_kept_names_a_variable_wherever_it_stands():
    value = {"a": ["x", {"url": "postgresql://ada:s3cret@db/x", "n": 1}], "b": None}
    assert kept(value) == {"a": ["x", {"url": "postgresql://ada:${SOURCE_PASSWORD}@db/x", "n": 1}], "b": None}
    assert kept(kept(value)) == kept(value)


@given(st.text(st.characters(exclude_characters="@", exclude_categories=("Z", "C")), min_size=1))
def test_no_password_that_sqlalchemy_reads_is_shown(password):
    text = f"postgresql://ada:QQ{password}QQ@db/shop"
    assert make_url(text).host == "db"
    assert shown(text) == "postgresql://ada:***@db/shop"
