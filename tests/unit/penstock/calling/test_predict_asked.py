"""A request for predictions, read."""

import pytest

from penstock.calling.asked import LONGEST_USER, MOST_ROWS, read
from penstock.problems import BadRequest, Problem, TooLarge

ROW = b'{"age": 41}'


def test_one_row_is_read_as_a_list_of_one() -> None:
    asked = read(b'{"model_id": "m", "features": {"age": 41}, "user_id": "u"}')
    assert (asked.called, asked.is_route, list(asked.rows), asked.user) == ("m", False, [{"age": 41}], b"u")


def test_a_list_of_rows_is_taken_as_it_is() -> None:
    asked = read(b'{"ab_test_name": "t", "features": [{"age": 41}, {"age": null}]}')
    assert (asked.is_route, asked.is_list, len(asked.rows)) == (True, True, 2)


def test_a_number_names_a_user_as_its_text_does() -> None:
    assert read(b'{"model_id": "m", "features": {"a": 1}, "user_id": 7}').user == b"7"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "the body must be JSON"),
        (b"[]", "the body must be a JSON object"),
        (b'{"modelid": "m"}', "did you mean 'model_id'?"),
        (b'{"features": {"a": 1}}', "and neither came"),
        (b'{"model_id": "m", "ab_test_name": "t", "features": {"a": 1}}', "and both came"),
        (b'{"model_id": 7, "features": {"a": 1}}', "'model_id' must be a text"),
        (b'{"model_id": "", "features": {"a": 1}}', "'model_id' must be a text"),
        (b'{"model_id": "m"}', "not nothing"),
        (b'{"model_id": "m", "features": []}', "'features' must be an object"),
        (b'{"model_id": "m", "features": {}}', "'features' must be an object"),
        (b'{"model_id": "m", "features": [{"a": 1}, 2]}', "'features' must be an object"),
        (
            b'{"model_id": "m", "features": {"a": 1}, "user_id": "a\\r\\nX-Evil: 1"}',
            "'user_id' must be a text",
        ),
        (b'{"model_id": "m", "features": {"a": 1}, "user_id": true}', "'user_id' must be a text"),
    ],
)
def test_what_cannot_be_used_is_told(body: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest) as told:
        read(body)
    assert sentence in str(told.value)


def test_a_user_of_too_many_letters_is_refused() -> None:
    with pytest.raises(BadRequest, match="at most 256 printable"):
        read(b'{"model_id": "m", "features": {"a": 1}, "user_id": "%b"}' % (b"x" * (LONGEST_USER + 1)))


def test_too_many_rows_are_refused_with_the_bound() -> None:
    rows = b",".join([ROW] * (MOST_ROWS + 1))
    with pytest.raises(TooLarge, match="at most 1000 rows, and 1001 came"):
        read(b'{"model_id": "m", "features": [%b]}' % rows)


def test_not_a_number_is_no_json() -> None:
    with pytest.raises(Problem, match="must be JSON"):
        read(b'{"model_id": "m", "features": {"a": NaN}}')
