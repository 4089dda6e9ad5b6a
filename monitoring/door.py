"""The monitor's HTTP door: `/` for people, `/metrics` for Prometheus, `/health`, and the newest reports."""

import ipaddress
import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from socket import AF_INET6
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


class DoorError(Exception):
    """The door cannot be opened; the message says why and what to do."""


def check_host(host: str, *, is_open_allowed: bool) -> None:
    """Refuse to listen beyond loopback, as nothing here asks who is calling.

    Raises:
        DoorError: The host is beyond loopback and that is not allowed.
    """
    if is_open_allowed or _is_loopback(host):
        return
    raise DoorError(
        f"the monitor has no authentication, so it listens on loopback only, not on '{host}'; set "
        'host = "127.0.0.1", or open_host = true (PENSTOCK_OPEN_HOST=1) where something else guards '
        "the port"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def application(
    registry: CollectorRegistry, page: Callable[[], str], report: Callable[[str, str], Path | None]
) -> "WSGIApplication":
    """The pages behind the door.

    Args:
        registry: The metrics.
        page: Makes the overview.
        report: Finds the newest report's file of a model and version.
    """
    metrics = make_wsgi_app(registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _text(start_response, "405 Method Not Allowed", "only GET and HEAD are answered here")
        if path == "/metrics":
            pages: Iterable[bytes] = metrics(environ, start_response)
            return pages
        if path == "/health":
            return _text(start_response, "200 OK", "ok")
        if path == "/":
            return _body(start_response, "200 OK", page().encode(), HTML)
        if path == "/report":
            return _report(start_response, environ.get("QUERY_STRING", ""), report)
        return _text(start_response, "404 Not Found", "there are /, /metrics, /health and /report")

    return answer


def _report(
    start_response: "StartResponse", query: str, report: Callable[[str, str], Path | None]
) -> Iterable[bytes]:
    asked = parse_qs(query)
    path = report(asked.get("model", [""])[0], asked.get("version", [""])[0])
    try:
        content = path.read_bytes() if path else b""
    except OSError:
        content = b""
    if not content:
        return _text(start_response, "404 Not Found", "there is no report of that model and version now")
    return _body(start_response, "200 OK", content, HTML)


def _text(start_response: "StartResponse", status: str, text: str) -> Iterable[bytes]:
    return _body(start_response, status, text.encode() + b"\n", TEXT)


def _body(start_response: "StartResponse", status: str, content: bytes, kind: str) -> Iterable[bytes]:
    start_response(
        status,
        [
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    return [content]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        if ":" in str(self.server_address[0]):
            self.address_family = AF_INET6
        super().server_bind()


class _Handler(WSGIRequestHandler):
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        log.debug(format, *args)


def open_door(host: str, port: int, app: "WSGIApplication") -> Callable[[], None]:
    """Serve on a thread.

    Returns:
        What closes the door.

    Raises:
        DoorError: The port is taken, or the host is not this machine's.
    """
    try:
        server = _Server((host, port), _Handler)
    except OSError as error:
        raise DoorError(
            f"cannot listen on {host}:{port} ({error.strerror or error}); stop what uses the port, or "
            "set monitor_port"
        ) from error
    server.set_app(app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    return close
