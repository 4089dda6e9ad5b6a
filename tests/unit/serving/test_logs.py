"""Log lines as text and as JSON, with the request that they are about."""

import json
import logging

import pytest

from serving.logs import REQUEST, JsonLines, Text


def record(message: str, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("serving.web", logging.WARNING, __file__, 1, message, (), info)


@pytest.fixture
def in_request():
    token = REQUEST.set("call-7")
    yield
    REQUEST.reset(token)


def test_a_json_line_is_one_line_with_its_fields():
    line = JsonLines("gateway").format(record("first\nsecond"))
    found = json.loads(line)
    assert "\n" not in line
    assert {key: found[key] for key in ("level", "program", "logger", "message")} == {
        "level": "warning",
        "program": "gateway",
        "logger": "serving.web",
        "message": "first\nsecond",
    }
    assert "request_id" not in found


@pytest.mark.usefixtures("in_request")
def test_lines_of_a_request_name_it():
    assert json.loads(JsonLines("gateway").format(record("slow")))["request_id"] == "call-7"
    assert Text("gateway").format(record("slow")).endswith("slow (request call-7)")


@pytest.mark.parametrize(("shows", "is_there"), [(True, True), (False, False)])
def test_an_error_stands_in_the_json_line_with_its_message_where_values_may_be_shown(shows, is_there):
    form = JsonLines("gateway", shows_values=shows)
    found = json.loads(form.format(record("failed", ValueError("age 93"))))
    assert found["error"] == "ValueError"
    assert ("age 93" in found["traceback"]) is is_there


def test_half_a_character_does_not_lose_the_line():
    assert json.loads(JsonLines("gateway").format(record("bad \ud800 text")))["message"] == "bad ? text"


def test_text_outside_a_request_has_no_id():
    assert Text("gateway").format(record("hello")).endswith("serving.web: hello")
