"""What was started, in Penstock's database: a row a run, there before its process and after it.

A running ticket claims its model by a unique key, so no model is retrained twice at a time.
"""

import os
import secrets
import socket
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

RETRAIN, BATCH = "retrain", "batch"
RUNNING, BETTER, NOT_BETTER, DONE = "running", "better", "not_better", "done"
FAILED, CANCELLED = "failed", "cancelled"
COUNTED = (RUNNING, BETTER, NOT_BETTER, FAILED)
"""What a cool-down is counted from: a run that the monitor's own stop ended is none."""
LEARNED = (BETTER, NOT_BETTER)
SPENT_LOOKED_AT = 200
CANARY, PROMOTION = "canary", "promotion"

_TICKETS = sa.Table(
    "penstock_tickets",
    METADATA,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("claim", sa.String(600), unique=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("model", sa.String(512), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("keeper", sa.String(80), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("born_s", sa.Double, nullable=False),
    sa.Column("started_s", sa.Double, nullable=False),
    sa.Column("due_s", sa.Double, nullable=False),
    sa.Column("cut_s", sa.Double, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("output", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("ended_s", sa.Double, nullable=False),
    sa.Column("made", sa.String(40), nullable=False),
    sa.Column("after", sa.String(20), nullable=False),
    sa.Index("penstock_tickets_model", "model", "kind", "started_s"),
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One run, from the decision to its end.

    Attributes:
        name: Its name, which stands on its command line and in its MLflow run.
        kind: `retrain` or `batch`.
        model: The registered model.
        version: The champion at the start.
        host: The machine that it runs on.
        keeper: The loop that watches over it.
        pid: Its process, which leads a group of its own; 0 before it was started.
        born_s: When the process began, which tells it from a later one of its number.
        started_s: When it was decided, in seconds since 1970.
        due_s: The moment of the schedule that asked for it; `started_s` where none did.
        cut_s: Outcomes received until then are among its rows.
        rows: How many new rows it was given.
        output: Where a batch's predictions go.
        state: `running`, or how it ended: `better`, `not_better`, `done`, `failed`, `cancelled`.
        ended_s: When it ended; 0 while it runs.
        made: The version that it registered; empty for none.
        after: What is still to be done with that version: `canary`, `promotion` or nothing.
    """

    name: str
    kind: str
    model: str
    version: str
    started_s: float
    due_s: float
    host: str = ""
    keeper: str = ""
    pid: int = 0
    born_s: float = 0.0
    cut_s: float = 0.0
    rows: int = 0
    output: str = ""
    state: str = RUNNING
    ended_s: float = 0.0
    made: str = ""
    after: str = ""


def new_ticket(
    kind: str, model: str, version: str, *, now_s: float, keeper: str, due_s: float | None = None
) -> Ticket:
    """A ticket of this machine with a name of its own."""
    stamp = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{kind}-{stamp}-{secrets.token_hex(4)}"
    return Ticket(name, kind, model, version, now_s, now_s if due_s is None else due_s, here(), keeper)


def here() -> str:
    """This machine, as far as processes see each other: a container is a machine of its own."""
    try:
        space = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - no file, a name in a namespace
    except OSError:
        space = 0
    return f"{socket.gethostname()} {space}"[:255]


class Tickets:
    """The tickets in the database; usable from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, ticket: Ticket) -> bool:
        """Write a new running ticket; False where the model has one of that kind.

        Raises:
            LifecycleError: The database refuses.
        """
        try:
            with self._database.begin() as connection:
                connection.execute(sa.insert(_TICKETS).values(_row(ticket)))
        except sa.exc.IntegrityError:
            return False
        return True

    def put(self, ticket: Ticket) -> Ticket:
        """Keep what has become of a ticket."""
        with self._database.begin() as connection:
            mine = sa.update(_TICKETS).where(_TICKETS.c.name == ticket.name)
            connection.execute(mine.values(_row(ticket)))
        return ticket

    def running(self) -> list[Ticket]:
        """Those that have not ended, the oldest first."""
        return self._found(_TICKETS.c.state == RUNNING)

    def waiting(self) -> list[Ticket]:
        """Those whose version something is still to be done with, the oldest first."""
        return self._found(_TICKETS.c.after != "")

    def last(self, model: str, kind: str = RETRAIN, *, states: Collection[str] = ()) -> Ticket | None:
        """The newest of a model and kind, of those that are in these states; by default in any."""
        which = (_TICKETS.c.model == model) & (_TICKETS.c.kind == kind)
        if states:
            which &= _TICKETS.c.state.in_(states)
        found = self._found(which, newest=1)
        return found[0] if found else None

    def spent(self, kept: int) -> list[Ticket]:
        """Those that have ended without a version, but for the newest `kept`; newest first."""
        which = _TICKETS.c.state.in_((NOT_BETTER, DONE, FAILED, CANCELLED))
        return self._found(which, newest=SPENT_LOOKED_AT)[kept:]

    def of_version(self, model: str, version: str) -> Ticket | None:
        """The one that made a version; None where none did."""
        found = self._found((_TICKETS.c.model == model) & (_TICKETS.c.made == version), newest=1)
        return found[0] if found else None

    def last_ends(self) -> dict[tuple[str, str], float]:
        """When the last retraining with each outcome ended, by model and outcome."""
        columns = (_TICKETS.c.model, _TICKETS.c.state)
        query = sa.select(*columns, sa.func.max(_TICKETS.c.ended_s).label("end_s"))
        query = query.where((_TICKETS.c.kind == RETRAIN) & (_TICKETS.c.state != RUNNING)).group_by(*columns)
        with self._database.begin(is_read_only=True) as connection:
            return {(row.model, row.state): float(row.end_s) for row in connection.execute(query)}

    def _found(self, which: sa.ColumnElement[bool], newest: int | None = None) -> list[Ticket]:
        order = _TICKETS.c.started_s.desc() if newest else _TICKETS.c.started_s
        query = sa.select(_TICKETS).where(which).order_by(order, _TICKETS.c.name)
        with self._database.begin(is_read_only=True) as connection:
            rows = connection.execute(query.limit(newest) if newest else query).all()
        return [_ticket(dict(row._mapping)) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def ended(ticket: Ticket, state: str, now_s: float, *, made: str = "", after: str = "") -> Ticket:
    """The ticket when its run is over."""
    return replace(ticket, state=state, ended_s=now_s, made=made, after=after)


def _row(ticket: Ticket) -> dict[str, Any]:
    claim = f"{ticket.kind}:{ticket.model}" if ticket.state == RUNNING else None
    return asdict(ticket) | {"claim": claim}


def _ticket(row: dict[str, Any]) -> Ticket:
    return Ticket(**{name: value for name, value in row.items() if name != "claim"})
