"""The gateway as the platform reaches it: kept connections for the event loop, plain calls for threads."""

import asyncio
import http.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from penstock.problems import Away
from serving.own_address import own_url, trusting
from serving.settings import Settings
from serving.upstream.address import Address
from serving.upstream.connection import Answer
from serving.upstream.errors import UpstreamError
from serving.upstream.pool import Pool

PATIENCE_S = 2.0
"""Beyond the gateway's own time limit: it is the one to say that an answer is late."""

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a call in a thread brought; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def gateway_url(settings: Settings) -> str:
    """The gateway's address as the platform reaches it, without an ending slash."""
    return settings.gateway_url.rstrip("/") or own_url(settings, settings.gateway_port)


class Gateway:
    """Calls the gateway; for several threads, and for each event loop with connections of its own.

    Args:
        settings: Where it is, and how long it takes at most.

    Attributes:
        url: Its address, without an ending slash.
    """

    def __init__(self, settings: Settings) -> None:
        self.url = gateway_url(settings)
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._address = Address(parts.netloc, parts.hostname or "127.0.0.1", port, parts.path)
        self._tls = trusting(settings) if parts.scheme == "https" else None
        self._left_s = settings.gateway_time_limit_s + PATIENCE_S
        self._prefix = parts.path.encode()
        self._common = b"host: %b\r\ncontent-type: application/json\r\n" % self._address.host_header
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()

    async def exchange(self, path: bytes, body: bytes, headers: Headers = ()) -> Answer:
        """Post JSON over a kept connection.

        Args:
            path: Where to, quoted.
            body: JSON.
            headers: Further headers; no value holds a line's end.

        Raises:
            Away: It does not answer.
        """
        more = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        head = b"POST %b%b HTTP/1.1\r\n%b%bcontent-length: %d\r\n\r\n" % (
            self._prefix,
            path,
            self._common,
            more,
            len(body),
        )
        try:
            return await self._pool().exchange(head, body, self._left_s)
        except UpstreamError as error:
            raise self._away(str(error)) from error
        except TimeoutError as error:
            raise self._away(f"no answer within {self._left_s:g} s") from error

    def call(self, method: str, path: str, body: bytes | None = None, headers: Headers = ()) -> Told:
        """Send one request and wait for its answer.

        Raises:
            Away: It does not answer.
        """
        connection = self._connection()
        try:
            connection.putrequest(method, f"{self._prefix.decode()}{path}", skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name.decode("ascii"), value)
            if body is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Told(answer.status, told, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise self._away(str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def _pool(self) -> Pool:
        loop = asyncio.get_running_loop()
        found = self._pools.get(loop)
        if found is None:
            found = self._pools[loop] = Pool(self._address, tls=self._tls)
        return found

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=self._left_s)
        return http.client.HTTPSConnection(host, port, timeout=self._left_s, context=self._tls)

    def _away(self, why: str) -> Away:
        return Away(
            f"the gateway at {self.url} does not answer ({why}); start it, or try again in a moment",
            code="gateway_away",
            retry_s=2.0,
        )
