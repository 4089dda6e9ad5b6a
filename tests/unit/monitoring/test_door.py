"""The HTTP door, over a real socket."""

import socket
import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Gauge

from monitoring.door import DoorError, application, check_host, open_door


@pytest.fixture
def door(free_port, tmp_path):
    registry = CollectorRegistry()
    Gauge("penstock_test", "A gauge.", registry=registry).set(7)
    report = tmp_path / "report.html"
    report.write_text("<p>drift</p>")
    app = application(
        registry, lambda: "<h1>page</h1>", lambda model, _: report if model == "churn" else None
    )
    port = free_port()
    close = open_door("127.0.0.1", port, app)
    yield f"http://127.0.0.1:{port}"
    close()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "<h1>page</h1>"),
        ("/metrics", "penstock_test 7.0"),
        ("/health", "ok"),
        ("/report?model=churn&version=1", "<p>drift</p>"),
    ],
)
def test_a_page_answers(door, path, text):
    status, body = get(door + path)
    assert status == 200
    assert text in body


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nothing", "there are /, /metrics, /health and /report"),
        ("/report?model=other", "there is no report of that model and version now"),
        ("/report", "there is no report"),
        ("/report?model=../../etc/passwd", "there is no report"),
    ],
)
def test_what_is_not_there_is_a_404_with_a_sentence(door, path, text):
    status, body = get(door + path)
    assert status == 404
    assert text in body


def test_a_post_is_refused(door):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(door, data=b"x", timeout=5)
    refused.value.close()
    assert refused.value.code == 405


def test_a_port_in_use_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            DoorError, match=rf"cannot listen on 127.0.0.1:{port} \(.*in use\); stop what uses"
        ):
            open_door("127.0.0.1", port, application(CollectorRegistry(), str, lambda *_: None))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org", ""])
def test_listening_beyond_loopback_is_refused(host):
    with pytest.raises(DoorError, match="no authentication, so it listens on loopback only"):
        check_host(host, is_open_allowed=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_allowed(host):
    check_host(host, is_open_allowed=False)


def test_an_open_host_is_allowed_when_the_setting_says_so():
    check_host("0.0.0.0", is_open_allowed=True)
