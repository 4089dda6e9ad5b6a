"""The outermost of the API: a request gets an id, a version, headers that protect, a line in the log."""

import logging
import re
import time
import uuid

from penstock.api import errors
from penstock.api.asgi import API, App, Message, Receive, Scope, Send, header
from penstock.problems import BadRequest, NotFound
from penstock.services.told import unexpected
from serving.logs import REQUEST

_logger = logging.getLogger("penstock.api.access")
VERSION = "1"
VERSIONED = re.compile(r"^/api/v(\d{1,9})/ml(?=/|$)")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
QUIET = frozenset({"/health", "/ready", "/metrics"})
PROTECTING = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
OF_DATA = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "private, no-cache",
    "x-penstock-api-version": VERSION,
}
"""For answers to programs; pages say their own."""


class Doorway:
    """ASGI middleware around everything.

    Args:
        app: What is inside.
        has_tls: Whether it is reached by HTTPS alone.
    """

    def __init__(self, app: App, *, has_tls: bool = False) -> None:
        self._app = app
        self._headers = PROTECTING | ({"strict-transport-security": "max-age=31536000"} if has_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        token, sending = REQUEST.set(request_id), _Sending(send, self._more(scope, request_id))
        started = time.monotonic()
        try:
            await self._answered(scope, receive, sending)
        finally:
            _note(scope, sending.status, time.monotonic() - started)
            REQUEST.reset(token)

    async def _answered(self, scope: Scope, receive: Receive, sending: "_Sending") -> None:
        try:
            _check_address(scope)
            _without_version(scope)
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the edge: told to the caller by its id, and logged under it
            problem = unexpected(error)
            if not sending.status:
                await errors.answer(problem)(scope, receive, sending)

    def _more(self, scope: Scope, request_id: str) -> dict[bytes, bytes]:
        more = self._headers | {"x-request-id": request_id}
        if str(scope["path"]).startswith(API):
            more |= OF_DATA
        return {key.encode(): value.encode() for key, value in more.items()}


class _Sending:
    """Sends with more headers, where the answer does not say its own, and remembers the status."""

    def __init__(self, send: Send, more: dict[bytes, bytes]) -> None:
        self._send, self._more, self.status = send, more, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            said = {key.lower() for key, _ in headers}
            headers += [(key, value) for key, value in self._more.items() if key not in said]
            message = {**message, "headers": headers}
        await self._send(message)


def _check_address(scope: Scope) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise BadRequest("the address holds the character NUL, which nothing here can keep; leave it out")


def _without_version(scope: Scope) -> None:
    """Let `/api/v1/ml/...` mean `/api/ml/...`.

    Raises:
        NotFound: Another version is named.
    """
    found = VERSIONED.match(scope["path"])
    if found is None:
        return
    if found[1] != VERSION:
        raise NotFound(f"there is no version {found[1]} of this API; call /api/v{VERSION}/ml or /api/ml")
    scope["path"] = "/api/ml" + scope["path"][found.end() :]
    scope["raw_path"] = scope["path"].encode()


def _note(scope: Scope, status: int, seconds: float) -> None:
    # Without the query, which may hold values.
    person = scope.get("state", {}).get("person")
    level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
    shown = str(scope["path"])[:300].encode("unicode_escape").decode()
    _logger.log(
        level, "%s %s %d in %.0f ms by %s", scope["method"], shown, status, 1000 * seconds,
        person.actor if person else "-",
    )  # fmt: skip
