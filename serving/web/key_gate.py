"""The gate of API keys: a dictionary, a hash and a token bucket, a few microseconds in all."""

import time
from collections.abc import Mapping

from serving.keys.key import Action
from serving.keys.ring import Held, Ring
from serving.keys.watch import KeyWatch
from serving.registry.table import Table
from serving.web.gate import Headers, away, forbidden, limited, unauthenticated

BEARER = b"bearer "


class KeyGate:
    """Lets in who shows a key. For one event loop.

    Args:
        ring: The worker's keys.
        watch: What keeps them fresh.
    """

    def __init__(self, ring: Ring, watch: KeyWatch) -> None:
        self._ring, self._watch = ring, watch

    @property
    def problem(self) -> str | None:
        """Why the keys cannot be read, if they cannot."""
        return self._watch.problem

    async def admit(
        self,
        headers: Headers,
        action: Action,
        name: str | None,
        table: Table,  # noqa: ARG002 - a key names what may be called, whatever answers
    ) -> None:
        """Let a request in that shows a key for what it wants."""
        held = self._shown(headers)
        if action not in held.key.actions:
            raise forbidden(f"key {held.label} is not for '{action}'")
        if name is not None and not held.is_for(name):
            raise forbidden(f"key {held.label} is not for this model")
        if held.bucket is not None and (wait_s := held.bucket.take(time.monotonic())):
            raise limited(f"key {held.label} may send {held.key.rate_per_s:g} requests a second", wait_s)
        self._ring.count(held)

    def visible(self, headers: Headers, table: Table) -> Table:
        """The called names that the key is for."""
        held = self._ring.find(_credential(headers))
        return {name: route for name, route in table.items() if held and held.is_for(name)}

    def drain(self) -> Mapping[str, int]:
        """Requests let in since the last call, by key id."""
        return self._ring.drain()

    def _shown(self, headers: Headers) -> Held:
        shown = _credential(headers)
        held = self._ring.find(shown) if shown else None
        if held is not None:
            return held
        if not self._ring.is_read:
            raise away("the API keys have not been read yet; try again in a moment")
        if not shown:
            raise unauthenticated(
                "send an API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'", b"Bearer"
            )
        raise unauthenticated("this API key is unknown, revoked or expired", b"Bearer")


def _credential(headers: Headers) -> bytes:
    found = b""
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip()
        if name == b"authorization" and value[:7].lower() == BEARER:
            found = value[7:].strip()
    return found
