"""One monitor works, the others stand by: whoever holds the lease `monitor` is on duty."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from serving.lifecycle.database import Database
from serving.lifecycle.leases import Lease, LeaseBusyError, Leases
from serving.settings import Settings

LEASE = "monitor"


def leases_of(settings: Settings, now: Callable[[], float] = time.time) -> Leases:
    """The leases of monitors, which outlast a few rounds."""
    duration_s = max(settings.monitor_lease_s, 3 * settings.monitor_interval_s)
    return Leases(
        Database(settings.database_url),
        now=lambda: datetime.fromtimestamp(now(), UTC),
        duration_s=duration_s,
    )


def me(settings: Settings) -> str:
    """This monitor, as others name it."""
    return f"the monitor on {socket.gethostname()}, port {settings.monitor_port}, process {os.getpid()}"


class Duty:
    """The lease as one process sees it, for one thread.

    Args:
        leases: Where it is.
        holder: Who asks for it.
        renew_s: So long a renewal holds without another.
    """

    def __init__(self, leases: Leases, holder: str, *, renew_s: float) -> None:
        self._leases, self._holder, self._renew_s = leases, holder, renew_s
        self._held: AbstractContextManager[Lease] | None = None
        self._lease: Lease | None = None
        self._renewed_s = 0.0
        self.other = ""
        """Who is on duty instead; empty where this one is, or nobody is known."""

    def is_mine(self) -> bool:
        """Whether this process is on duty, which it is from now on if nobody else is.

        Raises:
            LifecycleError: The database does not say.
        """
        if self._lease is not None:
            return self._is_renewed()
        held = self._leases.held(LEASE, self._holder, wait_s=0.0)
        try:
            lease = held.__enter__()
        except LeaseBusyError:
            self.other = self._leases.holder(LEASE) or "another process"
            return False
        self._held, self._lease, self._renewed_s, self.other = held, lease, time.monotonic(), ""
        return True

    def stay(self) -> None:
        """Keep the lease while a round lasts; to be called often."""
        if self._lease is not None and time.monotonic() - self._renewed_s > self._renew_s:
            self._is_renewed()

    def leave(self) -> None:
        """Give the lease back, so that another monitor goes on at once."""
        held, self._held, self._lease = self._held, None, None
        if held is not None:
            held.__exit__(None, None, None)

    def _is_renewed(self) -> bool:
        if self._lease is None:
            return False
        try:
            self._leases.renew(self._lease)
        except LeaseBusyError:
            self._held = self._lease = None
            self.other = self._leases.holder(LEASE) or "another process"
            return False
        self._renewed_s = time.monotonic()
        return True


def holder(settings: Settings) -> str | None:
    """Which monitor is on duty; None where none is.

    Raises:
        LifecycleError: The database does not say.
    """
    return leases_of(settings).holder(LEASE)
