"""The gateway's refusals as problems."""

import orjson
import pytest

from penstock.calling.refusals import problem_of
from penstock.problems import Away, BadRequest, NotAllowed, NotFound, Problem, TooLarge, TooMany


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Away),
        (403, NotAllowed),
        (404, NotFound),
        (413, TooLarge),
        (429, TooMany),
        (500, Away),
        (503, Away),
        (504, Away),
    ],
)
def test_a_status_becomes_the_problem_that_it_means(status: int, kind: type[Problem]) -> None:
    assert type(problem_of(status, b'{"error_code": "X", "message": "why"}')) is kind


def test_the_sentence_is_the_gateways() -> None:
    body = orjson.dumps({"error_code": "BAD_REQUEST", "message": "column 'age' is missing; send it"})
    assert problem_of(400, body).as_data()["error"]["cause"] == "column 'age' is missing"  # type: ignore[index]


def test_when_to_try_again_is_kept() -> None:
    assert problem_of(429, b"{}", "3").retry_s == 3


def test_what_is_no_json_is_told_by_its_status() -> None:
    assert "status 502" in str(problem_of(502, b"<html>"))


def test_refused_credentials_are_told_as_a_fault_of_the_platform() -> None:
    assert "the platform's credentials" in str(problem_of(401, b'{"message": "who?"}'))
