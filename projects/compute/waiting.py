"""Waiting for work on a cluster, for as long as there is somebody to do it."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_S = 1.0
"""How often it is looked whether there are workers."""
PATIENCE_S = 60.0
"""How long a cluster may be without workers: what restarts them takes some seconds."""


class ClusterLost(OSError):  # noqa: N818 - the sentence is for a person, not the class
    """The cluster went away while it worked; the message says what to do."""


class Patience:
    """Bears with a cluster that has no workers, for some time.

    Args:
        client: Of the cluster.
        patience_s: For how long.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        client: "Client",
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._patience_s, self._clock = client, patience_s, clock
        self._seen = clock()

    def workers(self) -> dict[str, Any]:
        """Return the workers that are there, as `workers_of` does; empty while they may still come.

        Raises:
            ClusterLost: The scheduler went away, or there were no workers for too long.
        """
        found = workers_of(self._client)
        if found:
            self._seen = self._clock()
        elif self._clock() - self._seen > self._patience_s:
            raise ClusterLost(
                f"the Dask cluster has had no workers for {self._patience_s:.0f} seconds; start some, and run"
                " this again"
            )
        return found


def wait_for(client: "Client", futures: Sequence["Future"], *, patience_s: float = PATIENCE_S) -> None:
    """Wait until futures are over, well or not.

    Raises:
        ClusterLost: The scheduler went away, or there were no workers for `patience_s` seconds.
    """
    from distributed import CancelledError, wait

    patience = Patience(client, patience_s)
    while waiting := [future for future in futures if future.status == "pending"]:
        with suppress(TimeoutError, CancelledError), client.as_current():
            wait(waiting, timeout=LOOK_S)
        patience.workers()


def present(client: "Client", *, patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """Wait for a worker; return those that are there, as `workers_of` does.

    Raises:
        ClusterLost: The scheduler went away, or no worker came.
    """
    patience = Patience(client, patience_s)
    while not (found := patience.workers()):
        time.sleep(LOOK_S)
    return found


def workers_of(client: "Client") -> dict[str, Any]:
    """Return the cluster's workers by their addresses.

    Raises:
        ClusterLost: The scheduler does not answer.
    """
    if client.status != "running":
        raise ClusterLost(_away(client))
    try:
        found: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    except (OSError, RuntimeError) as error:
        raise ClusterLost(_away(client)) from error
    return found


def _away(client: "Client") -> str:
    address = getattr(client.scheduler, "address", "its address")
    return f"the Dask scheduler at {address} went away; run this again when it is back"
