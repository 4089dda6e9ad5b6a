"""The monitor's HTTP door: pages for people and programs, `/metrics` for Prometheus, and `/health`."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from socket import AF_INET6
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from monitoring.page.answer import Answer, Asked, everything, told
from monitoring.watch import Watch
from serving.callers.doorkeeper import Refused
from serving.callers.loopback import is_loopback
from serving.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

LONGEST_FORM = 10_000


class DoorError(Exception):
    """The door cannot be opened; the message says why and what to do."""


def check_host(settings: Settings) -> None:
    """Refuse to listen beyond loopback where nobody is asked who is calling.

    Raises:
        DoorError: The host is beyond loopback and that is not allowed.
    """
    host = settings.host
    if settings.auth != "off" or settings.open_host or is_loopback(host):
        return
    raise DoorError(
        f"the monitor asks nobody who they are, so it listens on loopback only, not on '{host}'; set auth to "
        "'mlflow' (PENSTOCK_AUTH=mlflow, its users sign in), or host = \"127.0.0.1\", or open_host = true "
        "(PENSTOCK_OPEN_HOST=1) where something else guards the port"
    )


def application(
    registry: CollectorRegistry, answer: Callable[[Asked], Answer], watch: Watch | None = None
) -> "WSGIApplication":
    """The pages behind the door.

    Args:
        registry: The metrics.
        answer: Answers everything but `/metrics` and `/health`.
        watch: Who may look; None for all.
    """
    metrics = make_wsgi_app(registry)

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD", "POST"):
            refused = told("405 Method Not Allowed", "only GET, HEAD and POST are answered here")
            return _send(start_response, refused)
        if path == "/health":
            return _send(start_response, told("200 OK", "ok"))
        is_metrics = path == "/metrics" and method != "POST"
        may_read: Callable[[str], bool] = everything
        if watch is not None and not (is_metrics and watch.are_metrics_open):
            try:
                may_read = watch.let_in(_headers(environ), environ.get("REMOTE_ADDR", ""), is_all=is_metrics)
            except Refused as error:
                return _send(start_response, _refusal(error))
        if is_metrics:
            pages: Iterable[bytes] = metrics(environ, start_response)
            return pages
        return _send(start_response, _answered(environ, answer, may_read))

    return app


def _refusal(error: Refused) -> Answer:
    refused = told(f"{error.status} {HTTPStatus(error.status).phrase}", str(error))
    return replace(refused, headers=error.headers)


def _answered(
    environ: "WSGIEnvironment", answer: Callable[[Asked], Answer], may_read: Callable[[str], bool]
) -> Answer:
    try:
        return answer(replace(_asked(environ), may_read=may_read))
    except _TooLongError:
        return told("413 Content Too Large", f"a form of at most {LONGEST_FORM} bytes is taken")
    except Exception:  # the door's edge: logged with its traceback, and the door stays open
        log.exception("the page %s failed", environ.get("PATH_INFO"))
        return told("500 Internal Server Error", "the page could not be made; the monitor's log says why")


class _TooLongError(Exception):
    """A form that nobody here sends."""


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _asked(environ: "WSGIEnvironment") -> Asked:
    text, method = environ.get("QUERY_STRING", ""), environ["REQUEST_METHOD"]
    if method == "POST":
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or not length.isascii() or int(length) > LONGEST_FORM:
            raise _TooLongError
        form = environ["wsgi.input"].read(int(length)).decode("utf-8", "replace")
        text = "&".join(part for part in (text, form) if part)
    fields = {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    return Asked(method, path, fields, _headers(environ))


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
