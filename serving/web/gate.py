"""Who may come in: what the gateway asks of a caller before it takes a request on."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from serving.keys.key import Action
from serving.protocol.errors import RequestError
from serving.registry.table import Table

Headers = Iterable[tuple[bytes, bytes]]

EVERY_MODEL = "*"
"""The name that stands for all that the gateway has, as its metrics tell of all."""


class Gate(Protocol):
    """Lets callers in, or not. For one event loop.

    Attributes:
        problem: What keeps it from asking, as a sentence for `/ready`; None if nothing does.
    """

    @property
    def problem(self) -> str | None:
        """The attribute."""
        ...

    async def admit(
        self, headers: Headers, action: Action, name: str | None, table: Table, address: str = ""
    ) -> None:
        """Let a request in.

        Args:
            headers: The request's, with lower-case names.
            action: What it wants to do.
            name: The called name that it is about; None where it is about no single one.
            table: What the gateway answers with.
            address: Where it comes from; empty where that is not known.

        Raises:
            RequestError: 401, 403, 404, 429 or 503; it must go away. A name that the caller may not know of
                is answered like one that nobody has.
        """
        ...

    def judged(self, headers: Headers, table: Table) -> frozenset[str] | None:
        """The registered models whose predictions an admitted caller may judge; None for all there are."""
        ...

    def visible(self, headers: Headers, table: Table) -> Table:
        """The part of the table that an admitted caller may know of."""
        ...

    def drain(self) -> Mapping[str, int]:
        """How many requests were let in since the last call, by key or user."""
        ...


def unauthenticated(sentence: str, scheme: bytes) -> RequestError:
    """A 401 that says how to come back."""
    header = (b"www-authenticate", scheme + b' realm="penstock"')
    return RequestError(401, sentence, reason="unauthenticated", headers=(header,))


def forbidden(sentence: str) -> RequestError:
    """A 403."""
    return RequestError(403, sentence, reason="forbidden")


def away(sentence: str) -> RequestError:
    """A 503: whoever knows the callers cannot be asked."""
    return RequestError(503, sentence, reason="auth_away", headers=((b"retry-after", b"2"),))


def limited(sentence: str, wait_s: float) -> RequestError:
    """A 429 of one caller's own doing."""
    seconds = str(max(1, -int(-wait_s // 1))).encode()
    return RequestError(429, sentence, reason="rate_limited", headers=((b"retry-after", seconds),))
