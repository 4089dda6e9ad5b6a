"""Requests through rebound names and from other sites' pages are refused."""

import pytest

from penstock.people.origin import check_host, check_origin
from penstock.problems import NotAllowed

HERE = {"host": "127.0.0.1:8080"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "127.0.0.1", "192.168.1.7:80", ""]
)
def test_addresses_of_this_door_are_fine(host: str) -> None:
    check_host({"host": host}, "127.0.0.1")


def test_the_name_that_the_door_listens_on_is_fine() -> None:
    check_host({"host": "penstock.example:8080"}, "penstock.example")


@pytest.mark.parametrize(
    "host", ["evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "[x"]
)
def test_other_names_are_refused_as_rebound_ones_come_so(host: str) -> None:
    with pytest.raises(
        NotAllowed, match="without sign-in this door is called by its address, not as"
    ) as told:
        check_host({"host": host}, "127.0.0.1")
    assert told.value.code == "strange_host"


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//[x]y", "null", "", "http://ex\u2100mple"])
def test_an_origin_that_is_none_is_refused_and_breaks_nothing(origin: str) -> None:
    with pytest.raises(NotAllowed, match="a page of another site"):
        check_origin(HERE | {"origin": origin}, "POST")


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://127.0.0.1:8080"}, {"sec-fetch-site": "same-origin"}]
)
def test_own_pages_and_programs_may_write(headers: dict[str, str]) -> None:
    check_origin(HERE | headers, "POST")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8080"},
    ],
)
def test_pages_of_other_sites_may_not_write_but_read(headers: dict[str, str]) -> None:
    check_origin(HERE | headers, "GET")
    with pytest.raises(NotAllowed, match="a page of another site"):
        check_origin(HERE | headers, "DELETE")
