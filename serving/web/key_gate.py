"""The gate of API keys: a dictionary, a hash and a token bucket, a few microseconds in all."""

import time
from collections.abc import Mapping

from serving.callers.grants import Grants
from serving.keys.key import ALL_MODELS, Action
from serving.keys.ring import Held, Ring
from serving.keys.watch import KeyWatch
from serving.registry.table import Table
from serving.web.gate import EVERY_MODEL, Headers, away, forbidden, limited, unauthenticated
from serving.web.names import unknown_model
from serving.web.owners import Owners
from serving.web.permitted import may_do, may_see, models_of, usable

BEARER = b"bearer "


class KeyGate:
    """Lets in who shows a key. For one event loop.

    Args:
        ring: The worker's keys.
        watch: What keeps them fresh.
        owners: What the keys' owners may do, where MLflow has users; None: a key's own word counts.
    """

    def __init__(self, ring: Ring, watch: KeyWatch, owners: Owners | None = None) -> None:
        self._ring, self._watch, self._owners = ring, watch, owners

    @property
    def problem(self) -> str | None:
        """Why the keys cannot be read, if they cannot."""
        return self._watch.problem

    async def admit(
        self,
        headers: Headers,
        action: Action,
        name: str | None,
        table: Table,
        address: str = "",  # noqa: ARG002 - a key is too long to be guessed
    ) -> None:
        """Let a request in that shows a key for what it wants."""
        held = self._shown(headers)
        if action not in held.key.actions:
            raise forbidden(f"key {held.label} is not for '{action}'")
        if name is not None and not held.is_for(name):
            raise forbidden(f"key {held.label} is not for this model")
        if self._owners is not None and held.key.owner:
            grants = await self._owners.grants(held.key.owner)
            self._check_owner(grants, action, name, table, headers)
        if held.bucket is not None and (wait_s := held.bucket.take(time.monotonic())):
            raise limited(f"key {held.label} may send {held.key.rate_per_s:g} requests a second", wait_s)
        self._ring.count(held)

    def visible(self, headers: Headers, table: Table) -> Table:
        """The called names that the key is for."""
        held = self._ring.find(credential(headers))
        if held is None:
            return {}
        seen = {name: route for name, route in table.items() if held.is_for(name)}
        if self._owners is None or not held.key.owner:
            return seen
        grants = self._owners.held(held.key.owner)
        return {name: route for name, route in seen.items() if grants and may_see(grants, route)}

    def judged(self, headers: Headers, table: Table) -> frozenset[str] | None:
        """The models behind the names that the key is for, as far as its owner may use them."""
        held = self._ring.find(credential(headers))
        if held is None:
            return frozenset()
        models = None
        if not held.is_for(ALL_MODELS):
            mine = (models_of(route) for name, route in table.items() if held.is_for(name))
            models = frozenset[str]().union(*mine)
        if self._owners is None or not held.key.owner:
            return models
        grants = self._owners.held(held.key.owner)
        theirs = usable(grants, table) if grants else frozenset()
        return models if theirs is None else theirs if models is None else models & theirs

    def drain(self) -> Mapping[str, int]:
        """Requests let in since the last call, by key id."""
        return self._ring.drain()

    def _check_owner(
        self, grants: Grants, action: Action, name: str | None, table: Table, headers: Headers
    ) -> None:
        if name is None:
            return
        if name == EVERY_MODEL:
            if not grants.is_admin:
                raise forbidden("this key's owner may not see what tells of everybody's models")
            return
        route = table.get(name)
        if route is None or not may_see(grants, route):
            raise unknown_model(name, self.visible(headers, table))
        if not may_do(grants, action, route):
            sentence = "this key's owner may see this model, but not use it"
            raise forbidden(f"{sentence}; MLflow's permissions say who may")

    def _shown(self, headers: Headers) -> Held:
        shown = credential(headers)
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


def credential(headers: Headers) -> bytes:
    """The key that a request shows; empty if it shows none."""
    found = b""
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip()
        if name == b"authorization" and value[:7].lower() == BEARER:
            found = value[7:].strip()
    return found
