"""What is sent again, and what never is; how long all tries may take."""

import time

import numpy as np
import pytest

from penstock.client.errors import Refused, TooLate, Unreachable
from penstock.client.transport import Access, Patience, Transport, encoded
from tests.unit.penstock.client.scripted_server import late, serving


def first_then(first, *, times=1):
    """Answer so many requests with one thing, all later ones well."""

    def script(server, path, headers, body):
        return first if len(server.seen) <= times else (200, {}, {"fine": True})

    return script


def transport(server, **options):
    patience = {"timeout_s": 2.0, "deadline_s": 5.0, **options}
    return Transport(server.url, patience=Patience(**patience), sleep=lambda _s: None)


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_for_want_of_room_is_asked_again(status):
    with serving(first_then((status, {}, {}))) as server:
        assert transport(server).call("POST", "/x", body={}).json() == {"fine": True}
        assert len(server.seen) == 2


def test_a_connection_that_ends_without_a_byte_is_asked_again():
    with serving(first_then(None)) as server:
        assert transport(server).call("POST", "/x", body={}).status == 200
        assert len(server.seen) == 2


def test_the_server_says_when_to_come_again():
    pauses = []
    with serving(first_then((503, {"Retry-After": "3"}, {}))) as server:
        Transport(server.url, sleep=pauses.append).call("POST", "/x", body={})
    assert pauses == [3.0]


def test_pauses_grow():
    pauses = []
    with serving(first_then((503, {}, {}), times=3)) as server:
        Transport(server.url, sleep=pauses.append, draw=lambda: 1.0).call("POST", "/x", body={})
    assert pauses == [0.1, 0.2, 0.4]


def test_a_pause_beyond_the_deadline_is_not_waited_for():
    with serving(first_then((503, {"Retry-After": "60"}, {"message": "full"}), times=9)) as server:
        with pytest.raises(Refused, match="full"):
            transport(server).call("POST", "/x", body={})
        assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 502, 504])
def test_other_answers_are_final(status):
    with serving(first_then((status, {}, {"error_code": "NO", "message": "because"}))) as server:
        with pytest.raises(Refused, match="because") as told:
            transport(server).call("POST", "/x", body={})
        assert (told.value.status, told.value.code, len(server.seen)) == (status, "NO", 1)


def test_a_late_answer_to_a_write_is_not_asked_for_again():
    with serving(late(1.5)) as server:
        with pytest.raises(TooLate, match=r"did not answer within 0\.5 s; it may have done the work"):
            transport(server, timeout_s=0.5).call("POST", "/x", body={})
        assert len(server.seen) == 1


def test_a_late_answer_to_a_reading_is():
    def script(server, path, headers, body):
        if len(server.seen) == 1:
            time.sleep(1.0)
        return 200, {}, {}

    with serving(script) as server:
        assert transport(server, timeout_s=0.5).call("GET", "/x").status == 200


def test_tries_are_bounded():
    with serving(first_then((503, {}, {"message": "full"}), times=99)) as server:
        with pytest.raises(Refused, match="full"):
            transport(server, tries=3).call("POST", "/x", body={})
        assert len(server.seen) == 3


def test_nobody_there_is_told(free_port):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unreachable, match=f"{url} cannot be reached; is it running there"):
        Transport(url, patience=Patience(tries=2), sleep=lambda _s: None).call("POST", "/x", body={})


def test_the_platforms_errors_are_told_by_their_message():
    answer = {"status": "error", "error": {"code": "not_found", "message": "there is no data set 'x'"}}
    with (
        serving(first_then((404, {}, answer))) as server,
        pytest.raises(Refused, match="there is no data set 'x'") as told,
    ):
        transport(server).call("GET", "/x")
    assert told.value.code == "not_found"


def test_a_page_that_is_no_json_is_told():
    with (
        serving(first_then((200, {}, b"<html>"))) as server,
        pytest.raises(Refused, match="is this the right address"),
    ):
        transport(server).call("GET", "/x").json()


@pytest.mark.parametrize(
    ("access", "header", "value"),
    [
        (Access(api_key="penstock_1_2"), "x-api-key", "penstock_1_2"),
        (Access(username="anna", password="pässword"), "authorization", "Basic YW5uYTpww6Rzc3dvcmQ="),
    ],
)
def test_who_calls_is_in_the_headers(access, header, value):
    with serving(first_then((200, {}, {}))) as server:
        Transport(server.url, access).call("GET", "/x")
        assert server.seen[0][2][header] == value


def test_secrets_are_not_shown():
    shown = repr(Transport("http://127.0.0.1:1", Access("penstock_1_2", "anna", "word")))
    assert "penstock_1_2" not in shown
    assert "word" not in shown.replace("password", "")


def test_an_address_that_is_none_is_told():
    with pytest.raises(ValueError, match=r"an address must be like http://127\.0\.0\.1:8000"):
        Transport("127.0.0.1:8000")


def test_numbers_of_numpy_and_gaps_become_json():
    row = {"a": np.int64(1), "b": np.float32(0.5), "c": float("nan"), "d": np.bool_(True), "e": [None, "x"]}
    assert encoded(row) == b'{"a": 1, "b": 0.5, "c": null, "d": true, "e": [null, "x"]}'
