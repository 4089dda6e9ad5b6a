"""Compressed bodies: requests in gzip or deflate, long answers in gzip for who takes it.

A request's body is unpacked piece by piece and never grows beyond the limit that an unpacked one has.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from serving.protocol.errors import RequestError
from serving.scorers.scorer import Scored
from serving.web.asgi import check_length

REASON = "encoding"
CONTENT_ENCODING, ACCEPT_ENCODING = b"content-encoding", b"accept-encoding"

AT_ONCE_BYTES = 32 * 1024
"""What is unpacked or packed on the event loop: 0.1 ms and 0.3 ms of work; more goes to a thread."""

LEAST_BYTES = 8 * 1024
"""From which length an answer is packed. Level 1 packs 50-130 MB/s and halves an answer: below this length a
request would cost the worker twice as much to save a few packets."""

PIECE_BYTES = 64 * 1024
"""How much is given to zlib at a time: it copies what it does not need."""

MOST_MEMBERS = 4096
"""A gzip file may be several, one after the other; a body of a million empty ones is nobody's."""

LEVEL = 1
GZIP_BITS, ZLIB_BITS, RAW_BITS = 31, 15, -15
PACKED = ((CONTENT_ENCODING, b"gzip"), (b"vary", b"accept-encoding"))
KNOWN = ((b"accept-encoding", b"gzip, deflate, identity"),)


async def unpacked(body: bytes, coding: bytes, max_bytes: int) -> bytes:
    """Unpack a request's body.

    Args:
        body: As it came.
        coding: The header `Content-Encoding`.
        max_bytes: The most that it may unpack to.

    Raises:
        RequestError: 400, the stream is broken; 413, it is too long; 415, the coding is unknown.
    """
    name = coding.decode("latin-1").strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise RequestError(
            415,
            f"Content-Encoding must be gzip, deflate or identity, not '{name[:64]}'",
            reason=REASON,
            headers=KNOWN,
        )
    stream = _Stream(body, "deflate" if name == "deflate" else "gzip", max_bytes)
    if not stream.step(AT_ONCE_BYTES):
        await asyncio.to_thread(stream.finish)
    return stream.whole()


async def packed(scored: Scored, headers: Mapping[bytes, bytes]) -> Scored:
    """The same answer in gzip, if the caller takes that; for answers of at least `LEAST_BYTES`."""
    accepted = headers.get(ACCEPT_ENCODING)
    if accepted is None or not takes_gzip(accepted):
        return scored
    body = scored.body
    is_long = len(body) > AT_ONCE_BYTES
    small = await asyncio.to_thread(_gzip, body) if is_long else _gzip(body)
    return replace(scored, body=small, headers=(*scored.headers, *PACKED))


@lru_cache(maxsize=256)
def takes_gzip(header: bytes) -> bool:
    """Whether a header `Accept-Encoding` allows gzip (RFC 9110, 12.5.3)."""
    shares: dict[str, float] = {}
    for part in header.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        shares[name] = _share(parameters)
    return shares.get("gzip", shares.get("x-gzip", shares.get("*", 0.0))) > 0


def _share(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _gzip(body: bytes) -> bytes:
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_BITS)
    return stream.compress(body) + stream.flush()


class _Stream:
    """A body on its way to being unpacked.

    Args:
        body: As it came.
        name: `gzip`, of which there may be several members, or `deflate`: a zlib stream (RFC 9110, 8.4.1.2),
            or the bare one that some clients send.
        max_bytes: The most that it may unpack to.
    """

    def __init__(self, body: bytes, name: str, max_bytes: int) -> None:
        self._body, self._name, self._max_bytes = body, name, max_bytes
        self._bits = GZIP_BITS if name == "gzip" else ZLIB_BITS if _is_zlib(body) else RAW_BITS
        self._inflate = zlib.decompressobj(self._bits)
        self._parts: list[bytes] = []
        self._length, self._at, self._members, self._tail = 0, 0, 1, b""

    def step(self, most: int) -> bool:
        """Unpack at most so many bytes; whether that was all.

        Raises:
            RequestError: 400, the stream is broken; 413, it is too long.
        """
        piece = self._tail or self._next_piece()
        try:
            part = self._inflate.decompress(piece, most)
        except zlib.error as error:
            raise self._broken() from error
        self._length += len(part)
        check_length(self._length, self._max_bytes)
        self._parts.append(part)
        self._tail = self._inflate.unconsumed_tail
        if self._inflate.eof:
            return self._is_end()
        if not piece and not part:
            raise self._broken()
        return False

    def finish(self) -> None:
        """Unpack what is left."""
        while not self.step(AT_ONCE_BYTES):
            pass

    def whole(self) -> bytes:
        """All that was unpacked."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _next_piece(self) -> bytes:
        piece = self._body[self._at : self._at + PIECE_BYTES]
        self._at += len(piece)
        return piece

    def _is_end(self) -> bool:
        self._at -= len(self._inflate.unused_data)
        if self._at == len(self._body):
            return True
        self._members += 1
        if self._name != "gzip" or self._members > MOST_MEMBERS:
            raise self._broken()
        self._inflate, self._tail = zlib.decompressobj(self._bits), b""
        return False

    def _broken(self) -> RequestError:
        sentence = f"the body is no whole {self._name} stream, as Content-Encoding says it is"
        return RequestError(400, sentence, reason=REASON)


def _is_zlib(body: bytes) -> bool:
    """Whether a stream starts with zlib's two bytes (RFC 1950, 2.2)."""
    return len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
