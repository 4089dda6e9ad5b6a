"""What a request's headers say of its caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

REQUEST_ID_CHARS = 128


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as headers tell.

    Attributes:
        headers: All headers by lower-case name; of a repeated one the last.
        user_key: What stays the same for one user.
        request_id: The caller's own id of the request, if it is plain text.
        length: The body's announced bytes; 0 where nothing is announced.
    """

    headers: Mapping[bytes, bytes]
    user_key: bytes | None
    request_id: str | None
    length: int

    @property
    def echo(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that an answer repeats."""
        return ((b"x-request-id", self.request_id.encode()),) if self.request_id else ()


def read_caller(headers: Iterable[tuple[bytes, bytes]]) -> Caller:
    """Read an ASGI scope's headers."""
    found = dict(headers)
    length = found.get(b"content-length", b"0")
    return Caller(
        found,
        found.get(b"x-user-id") or None,
        _clean(found.get(b"x-request-id")),
        int(length) if length.isdigit() else 0,
    )


def _clean(request_id: bytes | None) -> str | None:
    if not request_id or not request_id.isascii():
        return None
    text = request_id.decode("ascii")[:REQUEST_ID_CHARS]
    return text if text.isprintable() else None
