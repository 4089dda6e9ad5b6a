"""What a refusal tells: in full, or to strangers only its kind and a request id that the log has, too."""

import logging
import secrets
from collections.abc import Callable

from serving.keys.bucket import TokenBucket
from serving.protocol.errors import RequestError

_logger = logging.getLogger(__name__)

REQUEST_ID = b"x-request-id"
LOGGED_PER_S = 10.0
LOGGED_AT_ONCE = 100.0

KINDS = {
    400: "the request cannot be answered as it is",
    401: "the request has no valid credentials",
    403: "the credentials are not for this",
    404: "there is no such thing here",
    405: "this method is not for this path",
    408: "the request took too long to arrive",
    413: "the request is too large",
    415: "the content type is not supported",
    429: "there are too many requests; try again later",
    500: "the request failed",
    503: "the request cannot be answered now; try again later",
    504: "the answer took too long",
}


class Disclosure:
    """Makes refusals fit to be shown. For one event loop.

    Args:
        is_terse: Whether callers are told only an error's kind.
        clock: A monotonic clock, in seconds: strangers must not fill the log.
    """

    def __init__(self, *, is_terse: bool, clock: Callable[[], float]) -> None:
        self.is_terse = is_terse
        self._clock = clock
        self._lines = TokenBucket(LOGGED_PER_S, LOGGED_AT_ONCE)
        self._unlogged = 0

    def shown(self, error: RequestError, request_id: str | None = None) -> RequestError:
        """The error as its caller may see it.

        Args:
            error: What is refused, and why.
            request_id: The caller's own id of the request; without one it gets one.
        """
        if not self.is_terse:
            return error
        named = request_id or secrets.token_hex(8)
        self._log(error, named)
        kind = KINDS.get(error.status, "the request failed")
        headers = error.headers if request_id else (*error.headers, (REQUEST_ID, named.encode()))
        return RequestError(error.status, f"{kind} (request {named})", reason=error.reason, headers=headers)

    def _log(self, error: RequestError, request_id: str) -> None:
        if self._lines.take(self._clock()):
            self._unlogged += 1
            return
        more = f" ({self._unlogged} more were not logged)" if self._unlogged else ""
        self._unlogged = 0
        _logger.warning("request %s: %d: %s%s", request_id, error.status, error, more)
