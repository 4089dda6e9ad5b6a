"""The gate of a stack with MLflow's users: people come by their password, machines by a service key."""

from collections.abc import Mapping

from serving.keys.key import Action
from serving.registry.table import Table
from serving.web.gate import Gate, Headers
from serving.web.key_gate import credential


class BothGate:
    """Asks the gate of whatever is shown. For one event loop.

    Args:
        keys: For `Bearer` and `X-API-Key`.
        users: For all else.
    """

    def __init__(self, keys: Gate, users: Gate) -> None:
        self._keys, self._users = keys, users

    @property
    def problem(self) -> str | None:
        """What keeps either from asking."""
        return self._users.problem or self._keys.problem

    async def admit(
        self, headers: Headers, action: Action, name: str | None, table: Table, address: str = ""
    ) -> None:
        """Let a request in."""
        headers = list(headers)
        await self._of(headers).admit(headers, action, name, table, address)

    def judged(self, headers: Headers, table: Table) -> frozenset[str] | None:
        """The registered models whose predictions an admitted caller may judge; None for all there are."""
        headers = list(headers)
        return self._of(headers).judged(headers, table)

    def visible(self, headers: Headers, table: Table) -> Table:
        """The part of the table that an admitted caller may know of."""
        headers = list(headers)
        return self._of(headers).visible(headers, table)

    def drain(self) -> Mapping[str, int]:
        """How many requests were let in since the last call, by key or user."""
        return {**self._users.drain(), **self._keys.drain()}

    def _of(self, headers: Headers) -> Gate:
        return self._keys if credential(headers) else self._users
