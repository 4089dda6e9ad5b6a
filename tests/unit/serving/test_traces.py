"""Tracebacks without messages."""

import logging

import pytest

from serving.logs import JsonLines, Text
from serving.traces import traced


def fail(secret: str) -> None:
    try:
        float(secret)
    except ValueError as error:
        raise KeyError(secret) from error


def caught() -> BaseException:
    with pytest.raises(KeyError) as found:
        fail("s3cret")
    return found.value


def test_types_and_places_are_told_and_no_message() -> None:
    text = traced(caught(), shows_values=False)
    assert "s3cret" not in text
    assert "ValueError (its message" in text
    assert "KeyError (its message" in text
    assert "test_traces.py" in text
    assert ", in fail" in text


def test_a_group_of_errors_tells_no_message() -> None:
    assert "s3cret" not in traced(ExceptionGroup("s3cret", [ValueError("s3cret")]), shows_values=False)


def test_asked_for_all_is_told() -> None:
    assert "KeyError: 's3cret'" in traced(caught(), shows_values=True)


@pytest.mark.parametrize("form", [Text, JsonLines])
def test_a_logged_exception_holds_values_only_where_asked_for(form: type[Text] | type[JsonLines]) -> None:
    error = caught()
    for shows_values in (False, True):
        record = logging.LogRecord("n", 30, __file__, 1, "failed", (), (type(error), error, None))
        assert ("s3cret" in form("gateway", shows_values=shows_values).format(record)) is shows_values
