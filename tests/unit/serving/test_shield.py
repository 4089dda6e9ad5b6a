"""Foreign sentences hold no values of the caller's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.protocol.media import JSON, Media
from serving.protocol.shield import _OWN, shielded

BODY = b'{"dataframe_split": {"columns": ["age", "city"], "data": [[17.5, "Paris"]]}}'


def hidden(sentence: str) -> str:
    return shielded(sentence, BODY, JSON, ["age", "city"])


def test_a_quoted_value_is_hidden_and_the_sentence_stays() -> None:
    assert (
        hidden("could not convert string to float: 'Paris' in column city")
        == "could not convert string to float: '…' in column city"
    )


@pytest.mark.parametrize("word", ["17.5", "-17.5", "1.75e1", "Paris", "Paris.", "Zürich", "+1"])
def test_numbers_and_words_of_the_body_are_hidden(word: str) -> None:
    assert word.strip("-+.") not in hidden(f"unable to parse: {word}, at position")


def test_types_and_names_are_shown() -> None:
    sentence = "Can not safely convert float64 to int64 for column age"
    assert hidden(sentence) == sentence


def test_of_a_body_that_is_no_text_nothing_is_told() -> None:
    parquet = Media("parquet", "application/vnd.apache.parquet")
    assert (
        shielded("bad value 'Paris'", b"PAR1", parquet, []) == "the body does not fit the model's signature"
    )


@given(st.text(alphabet=st.characters(min_codepoint=48, max_codepoint=122), min_size=1, max_size=20))
def test_no_text_of_the_body_comes_back(value: str) -> None:
    body = b'{"inputs": ["' + value.replace("\\", "").encode() + b'"]}'
    said = shielded(f"cannot use '{value}'", body, JSON, [])
    words = [word for word in value.replace("\\", "").split("'") if word.isalnum()]
    assert not any(f"'{word}'" in said for word in words if word not in _OWN)
