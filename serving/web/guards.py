"""What stands between strangers and a model: who may call, what they are told, what is kept of them."""

from dataclasses import dataclass, field
from time import monotonic

from serving.registry.table import Table
from serving.web.disclosure import Disclosure
from serving.web.gate import EVERY_MODEL, Gate, Headers
from serving.web.masks import Masks

MODELS, V2_MODELS = "/models/", "/v2/models/"
ALWAYS_OPEN = frozenset({"/health", "/v2/health/live"})
STATUS = frozenset({"/ready", "/metrics", "/v2/health/ready"})
"""The doors of the machinery around the gateway, which `gateway_status_doors` opens or guards."""


@dataclass(frozen=True, slots=True)
class Guards:
    """One worker's guards.

    Attributes:
        gate: Lets callers in; None lets everybody in.
        disclosure: What refusals tell.
        masks: What the log may hold of a row.
        are_status_doors_open: Whether `/ready` and `/metrics` are shown to everybody.
    """

    gate: Gate | None = None
    disclosure: Disclosure = field(default_factory=lambda: Disclosure(is_terse=False, clock=monotonic))
    masks: Masks = field(default_factory=Masks)
    are_status_doors_open: bool = True

    async def let_in(self, path: str, headers: Headers, table: Table, address: str) -> None:
        """Let somebody look through a door that only tells.

        Raises:
            RequestError: 401, 403, 404, 429 or 503.
        """
        if self.gate is None or path in ALWAYS_OPEN:
            return
        if path not in STATUS:
            await self.gate.admit(headers, "read", _model(path), table, address)
        elif not self.are_status_doors_open:
            await self.gate.admit(headers, "read", EVERY_MODEL, table, address)

    def visible(self, headers: Headers, table: Table) -> Table:
        """What somebody who was let in may know of."""
        return table if self.gate is None else self.gate.visible(headers, table)

    def readiness(self, detail: dict[str, object]) -> dict[str, object]:
        """What `/ready` tells: with the gate's own trouble, or to strangers only the answer."""
        if self.disclosure.is_terse and self.are_status_doors_open:
            return {"ready": detail["ready"]}
        problems = detail.get("problems")
        if self.gate is None or self.gate.problem is None or not isinstance(problems, list):
            return detail
        return detail | {"problems": [*problems, self.gate.problem]}


def _model(path: str) -> str | None:
    """The called name that a path is about."""
    if path.startswith(V2_MODELS):
        return path[len(V2_MODELS) :].partition("/")[0]
    return path[len(MODELS) :] if path.startswith(MODELS) else None
