"""What versions' processes tell of themselves is asked of all of them and added up by version."""

import contextlib
import http.server
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from serving.hosting.figures import HostFigures
from serving.hosting.spec import HostLimits, HostSpec
from serving.hosting.telling import caches_in, figures_of
from serving.model_server.gathering import Counts

Serve = Callable[[str, bytes], None]


@dataclass
class Stats:
    size: int = 3
    memory_bytes: int = 900
    hits: int = 7
    misses: int = 2


class Cache:
    def stats(self) -> Stats:
        return Stats()


class Extractor(BaseEstimator):  # type: ignore[misc]
    def __init__(self, enable_cache: bool = True) -> None:
        self.enable_cache = enable_cache
        self.cache_ = Cache()


def spec(model: str = "m") -> HostSpec:
    return HostSpec(model, "1", "folder", "socket", HostLimits())


def nested(extractor: Extractor) -> Pipeline:
    columns = ColumnTransformer([("text", Pipeline([("x", extractor)]), ["title"])])
    columns.transformers_ = columns.transformers
    return Pipeline([("columns", columns), ("model", BaseEstimator())])


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves a body at /figures on a Unix socket in the test's folder."""
    servers: list[socketserver.BaseServer] = []

    def start(name: str, body: bytes) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/figures" else 404)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

            def address_string(self) -> str:
                return ""

        server = socketserver.ThreadingUnixStreamServer(str(tmp_path / name), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def shown(folder: Path) -> Callable[[str, str], float | None]:
    registry = CollectorRegistry()
    registry.register(HostFigures(folder))
    return lambda name, model: registry.get_sample_value(name, {"model": model, "version": "1"})


def test_a_versions_own_figures_are_shown(tmp_path: Path, serve: Serve) -> None:
    counts = Counts(calls=2, requests=9, rows=11, failed=1)
    serve("a.sock", figures_of(spec(), counts, [Cache()])())
    value = shown(tmp_path)
    found = [value(f"penstock_batched_{name}_total", "m") for name in ("calls", "requests", "rows", "failed")]
    assert found == [2, 9, 11, 1]
    names = ("hits_total", "misses_total", "entries", "bytes")
    assert [value(f"penstock_feature_cache_{name}", "m") for name in names] == [7, 2, 3, 900]


def test_processes_of_one_version_are_added_up(tmp_path: Path, serve: Serve) -> None:
    for name in ("a.sock", "b.sock"):
        serve(name, figures_of(spec(), Counts(calls=2, requests=3, rows=3), [])())
    assert shown(tmp_path)("penstock_batched_requests_total", "m") == 6


def test_a_version_that_shares_nothing_and_keeps_nothing_has_no_series(tmp_path: Path, serve: Serve) -> None:
    serve("a.sock", figures_of(spec(), Counts(), [])())
    assert shown(tmp_path)("penstock_batched_calls_total", "m") is None
    assert shown(tmp_path)("penstock_feature_cache_bytes", "m") is None


ODD = [
    b"",
    b"nonsense",
    b"[]",
    b'{"model": "m"}',
    b'{"model": ["m"], "version": "1", "calls": 1}',
    b'{"model": "m", "version": "1", "calls": "many"}',
    b'{"model": "m", "version": "1", "calls": null}',
    b'{"model": "m", "version": "1", "calls": 1, "more": "%b"}' % (b"x" * 100_000),
]


@pytest.mark.parametrize("body", ODD)
def test_what_is_no_answer_is_left_out(tmp_path: Path, serve: Serve, body: bytes) -> None:
    serve("a.sock", body)
    serve("b.sock", figures_of(spec("well"), Counts(calls=1, requests=1, rows=1), [])())
    assert shown(tmp_path)("penstock_batched_calls_total", "well") == 1


def test_sockets_that_nobody_answers_at_are_passed_over(tmp_path: Path, serve: Serve) -> None:
    for name in ("dead.sock", "nursery.sock", "silent.sock"):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / name))
        if name == "silent.sock":
            listening.listen(1)
        else:
            listening.close()
    serve("well.sock", figures_of(spec("well"), Counts(calls=1, requests=1, rows=1), [])())
    assert shown(tmp_path)("penstock_batched_calls_total", "well") == 1


def test_sockets_that_nobody_answers_at_hold_up_no_scrape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.hosting.figures.WHOLE_S", 0.3)
    monkeypatch.setattr("serving.hosting.figures.PATIENCE_S", 2.0)
    held = []
    for at in range(8):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / f"{at}.sock"))
        listening.listen(1)
        held.append(listening)
    started = time.monotonic()
    assert shown(tmp_path)("penstock_batched_calls_total", "m") is None
    assert time.monotonic() - started < 12
    for listening in held:
        listening.close()


def test_a_process_that_drips_is_left_out_in_time(tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "drip.sock"))
    listening.listen(1)

    def drip() -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            for _ in range(600):
                connection.sendall(b" ")
                time.sleep(0.1)

    thread = threading.Thread(target=drip)
    thread.start()
    started = time.monotonic()
    assert shown(tmp_path)("penstock_batched_calls_total", "m") is None
    assert time.monotonic() - started < 30
    thread.join()
    listening.close()


def test_a_cache_is_found_however_deep_its_step_lies() -> None:
    extractor = Extractor()
    assert list(caches_in(nested(extractor))) == [extractor.cache_]


@pytest.mark.parametrize("model", [nested(Extractor(enable_cache=False)), None, object(), [1], "text"])
def test_a_model_without_a_cache_in_use_has_none(model: Any) -> None:
    assert list(caches_in(model)) == []


def test_figures_are_taken_when_they_are_asked_for() -> None:
    counts = Counts()
    text = figures_of(spec(), counts, [])
    counts.calls = 4
    assert json.loads(text())["calls"] == 4
