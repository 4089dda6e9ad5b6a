"""The monitor's HTTP door: pages for people and programs, `/metrics` for Prometheus, and `/health`."""

import ipaddress
import logging
import threading
from collections.abc import Callable, Iterable
from socket import AF_INET6
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from monitoring.page.answer import Answer, Asked, told

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

LONGEST_FORM = 10_000


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


def application(registry: CollectorRegistry, answer: Callable[[Asked], Answer]) -> "WSGIApplication":
    """The pages behind the door.

    Args:
        registry: The metrics.
        answer: Answers everything but `/metrics` and `/health`.
    """
    metrics = make_wsgi_app(registry)

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD", "POST"):
            refused = told("405 Method Not Allowed", "only GET, HEAD and POST are answered here")
            return _send(start_response, refused)
        if path == "/metrics" and method != "POST":
            pages: Iterable[bytes] = metrics(environ, start_response)
            return pages
        if path == "/health":
            return _send(start_response, told("200 OK", "ok"))
        return _send(start_response, _answered(environ, answer))

    return app


def _answered(environ: "WSGIEnvironment", answer: Callable[[Asked], Answer]) -> Answer:
    try:
        return answer(_asked(environ))
    except _TooLongError:
        return told("413 Content Too Large", f"a form of at most {LONGEST_FORM} bytes is taken")
    except Exception:  # the door's edge: logged with its traceback, and the door stays open
        log.exception("the page %s failed", environ.get("PATH_INFO"))
        return told("500 Internal Server Error", "the page could not be made; the monitor's log says why")


class _TooLongError(Exception):
    """A form that nobody here sends."""


def _asked(environ: "WSGIEnvironment") -> Asked:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    text, method = environ.get("QUERY_STRING", ""), environ["REQUEST_METHOD"]
    if method == "POST":
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or not length.isascii() or int(length) > LONGEST_FORM:
            raise _TooLongError
        form = environ["wsgi.input"].read(int(length)).decode("utf-8", "replace")
        text = "&".join(part for part in (text, form) if part)
    fields = {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    return Asked(method, path, fields, headers)


def _send(start_response: "StartResponse", answer: Answer) -> Iterable[bytes]:
    headers = {
        "Content-Type": answer.kind,
        "Content-Length": str(len(answer.body)),
        "X-Content-Type-Options": "nosniff",
        **answer.headers,
    }
    start_response(answer.status, list(headers.items()))
    return [answer.body]


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
