"""Leases: what must happen once is done by whoever holds the lease of its name.

A lease ends when its holder gives it back or its time is over, so a holder that died stands in nobody's way
for longer than that.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database
from serving.lifecycle.errors import LifecycleError

_logger = logging.getLogger(__name__)
_POLL_S = 0.05

_LEASES = sa.Table(
    "penstock_leases",
    METADATA,
    sa.Column("name", sa.String(512), primary_key=True),
    sa.Column("owner", sa.String(512), nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)


class LeaseBusyError(LifecycleError):
    """Another holder has the lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held.

    Attributes:
        name: What it is for.
        owner: Whose it is, unlike any other holder's.
    """

    name: str
    owner: str


class Leases:
    """The leases in the database; usable from several threads and processes.

    Args:
        database: Where they are.
        now: The time, by which leases end.
        duration_s: How long a lease lasts from its taking or renewal.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime], duration_s: float) -> None:
        self._database, self._now, self._duration_s = database, now, duration_s

    @contextmanager
    def held(self, name: str, holder: str, *, wait_s: float) -> Iterator[Lease]:
        """Hold the lease of a name.

        Raises:
            LeaseBusyError: Another had it for all of `wait_s` seconds.
        """
        lease = Lease(name, f"{holder[:200]} [{secrets.token_hex(8)}]")
        deadline = time.monotonic() + wait_s
        while not self._take(lease):
            if time.monotonic() >= deadline:
                raise LeaseBusyError(f"{name} is held by {self._holder(name)}; try again in a moment")
            time.sleep(_POLL_S)
        try:
            yield lease
        finally:
            try:
                self._give_back(lease)
            except LifecycleError as error:
                _logger.warning("the lease %s could not be given back and ends by itself: %s", name, error)

    def renew(self, lease: Lease) -> None:
        """Make a held lease last its full time again.

        Raises:
            LeaseBusyError: Its time was over, and another took it.
        """
        mine = (_LEASES.c.name == lease.name) & (_LEASES.c.owner == lease.owner)
        with self._database.begin() as connection:
            changed = connection.execute(sa.update(_LEASES).where(mine).values(expires_at=self._end()))
        if not changed.rowcount:
            raise LeaseBusyError(f"{lease.name} was taken over by {self._holder(lease.name)}; try again")

    def holder(self, name: str) -> str | None:
        """Who holds the lease of a name now; None where nobody does."""
        query = sa.select(_LEASES.c.owner).where(
            _LEASES.c.name == name, _LEASES.c.expires_at >= self._now().timestamp()
        )
        with self._database.begin(is_read_only=True) as connection:
            owner = connection.scalar(query)
        return None if owner is None else owner.rpartition(" [")[0] or owner

    def _take(self, lease: Lease) -> bool:
        expired = (_LEASES.c.name == lease.name) & (_LEASES.c.expires_at < self._now().timestamp())
        values = {"owner": lease.owner, "expires_at": self._end()}
        try:
            with self._database.begin() as connection:
                if not connection.execute(sa.update(_LEASES).where(expired).values(values)).rowcount:
                    connection.execute(sa.insert(_LEASES).values(name=lease.name, **values))
        except sa.exc.IntegrityError:
            return False
        return True

    def _give_back(self, lease: Lease) -> None:
        mine = (_LEASES.c.name == lease.name) & (_LEASES.c.owner == lease.owner)
        with self._database.begin() as connection:
            connection.execute(sa.delete(_LEASES).where(mine))

    def _holder(self, name: str) -> str:
        query = sa.select(_LEASES.c.owner).where(_LEASES.c.name == name)
        with self._database.begin(is_read_only=True) as connection:
            owner = connection.scalar(query) or "another process"
        return owner.rpartition(" [")[0] or owner

    def _end(self) -> float:
        return self._now().timestamp() + self._duration_s
