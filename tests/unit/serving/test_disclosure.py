"""What a refusal tells its caller, and what the log."""

import logging

import pytest

from serving.protocol.errors import CODES, RequestError
from serving.web.disclosure import KINDS, LOGGED_AT_ONCE, Disclosure

ERROR = RequestError(
    404, "there is no model 'churm'; did you mean 'churn'?", headers=((b"retry-after", b"1"),)
)


def test_in_full_the_error_is_shown_as_it_is() -> None:
    assert Disclosure(is_terse=False, clock=lambda: 0.0).shown(ERROR) is ERROR


def test_tersely_only_the_kind_and_the_request_are_shown() -> None:
    shown = Disclosure(is_terse=True, clock=lambda: 0.0).shown(ERROR, "call-1")
    assert (str(shown), shown.status, shown.code) == (
        "there is no such thing here (request call-1)",
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )
    assert shown.headers == ERROR.headers


def test_mlflows_own_code_is_not_shown_tersely() -> None:
    error = RequestError(400, "no", code="INVALID_PARAMETER_VALUE")
    assert Disclosure(is_terse=True, clock=lambda: 0.0).shown(error).code == "BAD_REQUEST"


def test_a_request_without_an_id_gets_one_that_the_log_has_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        shown = Disclosure(is_terse=True, clock=lambda: 0.0).shown(ERROR)
    request_id = dict(shown.headers)[b"x-request-id"].decode()
    assert f"(request {request_id})" in str(shown)
    assert caplog.messages == [f"request {request_id}: 404: {ERROR}"]


def test_strangers_cannot_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    disclosure = Disclosure(is_terse=True, clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            disclosure.shown(ERROR, "a")
        now[0] = 1.0
        disclosure.shown(ERROR, "b")
    assert len(caplog.messages) == LOGGED_AT_ONCE + 1
    assert caplog.messages[-1].endswith(f"({1000 - int(LOGGED_AT_ONCE)} more were not logged)")


def test_every_status_has_a_kind() -> None:
    assert set(CODES) <= set(KINDS)
