"""The HTTP door, over a real socket."""

import http.client
import socket
import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Gauge

from monitoring.door import LONGEST_FORM, DoorError, application, check_host, open_door
from monitoring.page.answer import Answer, Asked, told


def answer(asked: Asked) -> Answer:
    if asked.path == "/broken":
        raise RuntimeError("a secret")
    return told("200 OK", f"{asked.method} {asked.path} {dict(asked.fields)} {asked.headers.get('x-who')}")


@pytest.fixture
def door(free_port):
    registry = CollectorRegistry()
    Gauge("penstock_test", "A gauge.", registry=registry).set(7)
    port = free_port()
    close = open_door("127.0.0.1", port, application(registry, answer))
    yield f"http://127.0.0.1:{port}"
    close()


def ask(url: str, data: bytes | None = None, method: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, data, {"X-Who": "me"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_and_health_are_answered_by_the_door(door):
    assert "penstock_test 7.0" in ask(f"{door}/metrics")[1]
    assert ask(f"{door}/health") == (200, "ok\n")


def test_a_request_comes_with_its_path_query_and_headers(door):
    said = ask(f"{door}/models/a%2Fb%20%C3%A4?all=1&x=")[1]
    assert said == "GET /models/a/b ä {'all': '1', 'x': ''} me\n"


def test_a_form_comes_as_fields(door):
    assert ask(f"{door}/report", b"model=a+b&version=1")[1].startswith(
        "POST /report {'model': 'a b', 'version': '1'}"
    )


def test_a_long_form_is_refused(door):
    assert ask(f"{door}/report", b"x" * (LONGEST_FORM + 1))[0] == 413


@pytest.mark.parametrize("length", ["²", "-1", "many"])
def test_a_form_whose_length_is_no_number_is_refused(door, length):
    connection = http.client.HTTPConnection(door.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/report")
    connection.putheader("Content-Length", length.encode("latin-1"))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_other_methods_are_refused(door):
    assert ask(door, b"x", "PUT")[0] == 405


def test_a_page_that_fails_says_nothing_of_the_cause_and_leaves_the_door_open(door, caplog):
    status, said = ask(f"{door}/broken")
    assert (status, "secret" in said) == (500, False)
    assert "a secret" in caplog.text
    assert ask(f"{door}/health")[0] == 200


def test_a_port_in_use_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            DoorError, match=rf"cannot listen on 127.0.0.1:{port} \(.*in use\); stop what uses"
        ):
            open_door("127.0.0.1", port, application(CollectorRegistry(), answer))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org", ""])
def test_listening_beyond_loopback_is_refused(host):
    with pytest.raises(DoorError, match="no authentication, so it listens on loopback only"):
        check_host(host, is_open_allowed=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_allowed(host):
    check_host(host, is_open_allowed=False)


def test_an_open_host_is_allowed_when_the_setting_says_so():
    check_host("0.0.0.0", is_open_allowed=True)
