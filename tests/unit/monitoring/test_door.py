"""The HTTP door, over a real socket."""

import http.client
import socket
import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Gauge

from monitoring.door import LONGEST_FORM, DoorError, application, check_host, open_door
from monitoring.page.answer import Answer, Asked, told
from monitoring.watch import Watch
from serving.callers.doorkeeper import Reader, Refused
from serving.settings import Settings


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
    with pytest.raises(DoorError, match="asks nobody who they are, so it listens on loopback only"):
        check_host(Settings(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_allowed(host):
    check_host(Settings(host=host))


def test_an_open_host_is_allowed_when_the_setting_says_so():
    check_host(Settings(host="0.0.0.0", open_host=True))


def test_any_host_is_allowed_where_users_sign_in():
    check_host(Settings(host="0.0.0.0", auth="mlflow"))


class Keeper:
    """Knows ann, who may read churn."""

    def reader(self, headers, address):
        if headers.get("authorization") != "ann":
            raise Refused(401, "who are you?", {"WWW-Authenticate": "Basic"})
        return Reader("ann", lambda model: model == "churn", is_for_all=False)


@pytest.fixture(params=[True, False])
def guarded(free_port, request):
    registry = CollectorRegistry()
    Gauge("penstock_test", "A gauge.", registry=registry).set(7)
    port = free_port()
    watch = Watch(Keeper(), are_metrics_open=request.param)
    close = open_door("127.0.0.1", port, application(registry, may_read, watch))
    yield f"http://127.0.0.1:{port}", request.param
    close()


def may_read(asked: Asked) -> Answer:
    return told("200 OK", f"{asked.may_read('churn')} {asked.may_read('fraud')}")


def get(url: str, who: str = "") -> tuple[int, str, str]:
    request = urllib.request.Request(url, headers={"Authorization": who} if who else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read().decode(), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers["WWW-Authenticate"] or ""


def test_a_guarded_door_asks_who_comes_and_tells_pages_what_they_may_read(guarded):
    door, _ = guarded
    assert get(door) == (401, "who are you?\n", "Basic")
    assert get(door, "ann") == (200, "True False\n", "")
    assert get(f"{door}/health")[0] == 200


def test_metrics_of_all_models_are_for_who_may_read_all_unless_they_are_open(guarded):
    door, is_open = guarded
    assert get(f"{door}/metrics")[0] == (200 if is_open else 401)
    assert get(f"{door}/metrics", "ann")[0] == (200 if is_open else 403)
