"""The journal of routes: who changed a route's tag, from which text to which, and why; chained as moves are.

A text that was set by other means stands between two entries: the next change journals it as external.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from serving.lifecycle import chain
from serving.lifecycle.database import METADATA, Database

EXTERNAL = "external"

_CHANGES = sa.Table(
    "penstock_route_journal",
    METADATA,
    *chain.columns(),
    sa.Column("time", sa.String(40), nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Index("penstock_route_journal_route", "route", "sequence"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry.

    Attributes:
        time: When, in UTC.
        route: The name that the route is called by.
        model: The registered model that carries its tag.
        action: What was done: `set`, `clear`, `canary start`, `canary advance`, `canary hold`, `canary back`,
            `canary done`; `external` for a text that was set elsewhere and noticed later.
        actor: Who did it.
        reason: Why.
        before: The tag's text until then; None for no tag.
        after: Its text since then; None for no tag. Both are equal where a canary stayed where it was.
        sequence: The entry's number in the journal, from 1.
        previous_sha256: The hash of the entry before.
        sha256: The hash of this entry.
    """

    time: datetime
    route: str
    model: str
    action: str
    actor: str
    reason: str
    before: str | None
    after: str | None
    sequence: int = 0
    previous_sha256: str = ""
    sha256: str = ""


class RouteJournal:
    """The journal in the database; usable from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, change: Change) -> Change:
        """Append a change, after what was changed elsewhere before it.

        Raises:
            LifecycleError: The database refuses.
        """
        last = self.entries(change.route)[-1:]
        rows = [_row(change)]
        if last and last[0].model == change.model and last[0].after != change.before:
            reason = "noticed at the next change"
            rows.insert(
                0,
                _row(change)
                | {"action": EXTERNAL, "actor": EXTERNAL, "reason": reason}
                | {"before": last[0].after, "after": change.before},
            )
        return _change(chain.append(self._database, _CHANGES, rows)[-1])

    def entries(self, route: str | None = None) -> list[Change]:
        """The changes of a route, or of all, in their order."""
        return [_change(row) for row in self._rows(route)]

    def verify(self) -> str | None:
        """What is wrong with the first broken entry of the whole journal, or None when all hold."""
        return chain.first_break(self._rows(None), journal="journal of routes", about="route '{route}'")

    def _rows(self, route: str | None) -> Sequence[dict[str, Any]]:
        query = sa.select(_CHANGES).order_by(_CHANGES.c.sequence)
        if route is not None:
            query = query.where(_CHANGES.c.route == route)
        with self._database.begin(is_read_only=True) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _row(change: Change) -> dict[str, Any]:
    return asdict(change) | {"time": change.time.astimezone(UTC).isoformat(timespec="microseconds")}


def _change(row: dict[str, Any]) -> Change:
    return Change(**row | {"time": datetime.fromisoformat(row["time"])})
