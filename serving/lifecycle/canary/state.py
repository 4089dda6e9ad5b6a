"""Where each route's canary stands, in Penstock's database, so that whoever steps next goes on from there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from serving.lifecycle.canary.counts import Counts, LaneName
from serving.lifecycle.database import METADATA, Database

Ending = Literal["back", "done"]
Phase = Literal["running", "held", "back", "done"]

_CANARIES = sa.Table(
    "penstock_canaries",
    METADATA,
    sa.Column("route", sa.String(512), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
)

Reading = Mapping[str, Mapping[LaneName, Counts]]
"""The lanes' counts by the address of the gateway that told them."""


@dataclass(frozen=True, slots=True)
class State:
    """One canary.

    Attributes:
        route: The called name.
        model: The registered model that carries the route.
        variant: The challenger's name in it.
        champion: Who is compared with: the lane's labels.
        challenger: Who takes over.
        phase: `held` by a person or an edit; `back` and `done` are ends.
        percent: The challenger's share since the last step.
        since: When that step was.
        pending: A share that is being written; None when it has been.
        ending: An end that is being written.
        is_added: Whether the canary has put the variant into the route, and takes it out again.
        had_route: Whether there was a tag before the canary.
        baseline: The counts at the last step.
        last: The words of the last judgement's reasons.
    """

    route: str
    model: str
    variant: str
    champion: LaneName
    challenger: LaneName
    phase: Phase
    percent: float
    since: datetime
    pending: float | None = None
    ending: Ending | None = None
    is_added: bool = False
    had_route: bool = True
    baseline: Reading = field(default_factory=dict)
    last: tuple[str, ...] = ()


class States:
    """The canaries in the database; usable from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, route: str) -> State | None:
        """The last canary of a route.

        Raises:
            LifecycleError: The database refuses.
        """
        query = sa.select(_CANARIES.c.state).where(_CANARIES.c.route == route)
        with self._database.begin(is_read_only=True) as connection:
            text = connection.scalar(query)
        return _read(text) if text else None

    def under_way(self) -> list[State]:
        """Every canary that has not ended, by route."""
        query = sa.select(_CANARIES.c.state).order_by(_CANARIES.c.route)
        with self._database.begin(is_read_only=True) as connection:
            states = [_read(text) for text in connection.scalars(query)]
        return [state for state in states if state.phase not in ("back", "done")]

    def put(self, state: State) -> State:
        """Keep a canary's state in the place of the one before."""
        mine = _CANARIES.c.route == state.route
        text = _written(state)
        with self._database.begin() as connection:
            if not connection.execute(sa.update(_CANARIES).where(mine).values(state=text)).rowcount:
                connection.execute(sa.insert(_CANARIES).values(route=state.route, state=text))
        return state


def _written(state: State) -> str:
    table = asdict(state) | {
        "since": state.since.astimezone(UTC).isoformat(),
        "baseline": [
            [
                address,
                list(lane),
                asdict(counts) | {"buckets": [list(pair) for pair in counts.buckets.items()]},
            ]
            for address, lanes in state.baseline.items()
            for lane, counts in lanes.items()
        ],
    }
    return json.dumps(table, ensure_ascii=False)


def _read(text: str) -> State:
    table: dict[str, Any] = json.loads(text)
    baseline: dict[str, dict[LaneName, Counts]] = {}
    for address, lane, counts in table["baseline"]:
        buckets = {float(bound): count for bound, count in counts["buckets"]}
        baseline.setdefault(address, {})[LaneName(*lane)] = Counts(**counts | {"buckets": buckets})
    return State(
        **table
        | {
            "champion": LaneName(*table["champion"]),
            "challenger": LaneName(*table["challenger"]),
            "since": datetime.fromisoformat(table["since"]),
            "baseline": baseline,
            "last": tuple(table["last"]),
        }
    )
