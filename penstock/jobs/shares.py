"""Whose job is next: fair shares of the workers' time, by start-time fair queueing over users.

Each user has an account of the seconds that workers have spent on their jobs, those running now included. The
next job is one of the user with the least, of those who wait; who asked first goes first among equals. Who
comes with nothing waiting or running starts where the least served of the others stands (`floor_s`), unless
their own account is higher: nobody saves up shares while away, nobody loses any by having used what was idle,
and it takes no half-life that would suit short jobs and wrong long ones.

So two users who have jobs waiting all the while differ by at most the longest job on each worker, whatever
the lengths of the jobs and however many each of them has (Goyal, Vin, Cheng: Start-time Fair Queueing, 1996,
theorem 1). A user's urgent jobs go before their own others; they win nothing from other users.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from serving.lifecycle.database import METADATA

SHARES = sa.Table(
    "penstock_job_shares",
    METADATA,
    sa.Column("owner", sa.String(255), primary_key=True),
    sa.Column("served_s", sa.Double, nullable=False),
)
FLOOR = ""
"""The row that holds the floor; whoever changes accounts locks it first."""


def order(waiting: Mapping[str, float], live: Mapping[str, float]) -> list[str]:
    """Users who wait, whoever is next first.

    Args:
        waiting: When each one's oldest waiting job came.
        live: Seconds that each was served, running jobs included.
    """
    return sorted(waiting, key=lambda owner: (live.get(owner, 0.0), waiting[owner], owner))


def risen(floor_s: float, live: Mapping[str, float]) -> float:
    """The floor, from the accounts of all who wait or run: it never falls."""
    return max(floor_s, min(live.values(), default=floor_s))


def arrived(served_s: float, floor_s: float) -> float:
    """The account of a user who comes with nothing waiting or running."""
    return max(served_s, floor_s)


def lock(connection: sa.Connection) -> float:
    """Keep others from the accounts until the transaction ends; gives the floor."""
    query = sa.select(SHARES.c.served_s).where(SHARES.c.owner == FLOOR).with_for_update()
    found = connection.scalar(query)
    if found is None:
        _insert(connection, FLOOR, 0.0)
        found = connection.scalar(query)
    return float(found or 0.0)


def accounts(connection: sa.Connection) -> dict[str, float]:
    """What everybody was served, without running jobs."""
    rows = connection.execute(sa.select(SHARES.c.owner, SHARES.c.served_s).where(SHARES.c.owner != FLOOR))
    return {row.owner: float(row.served_s) for row in rows}


def keep(connection: sa.Connection, owner: str, served_s: float) -> None:
    """Write an account, or the floor."""
    mine = sa.update(SHARES).where(SHARES.c.owner == owner)
    if not connection.execute(mine.values(served_s=served_s)).rowcount:
        _insert(connection, owner, served_s)


def book(connection: sa.Connection, owner: str, seconds: float) -> None:
    """Add a worker's time to an account."""
    mine = sa.update(SHARES).where(SHARES.c.owner == owner)
    if not connection.execute(mine.values(served_s=SHARES.c.served_s + seconds)).rowcount:
        _insert(connection, owner, seconds)


def _insert(connection: sa.Connection, owner: str, served_s: float) -> None:
    """Make an account, unless another transaction does so at this moment."""
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(SHARES).values(owner=owner, served_s=served_s))
    except sa.exc.IntegrityError:
        return
