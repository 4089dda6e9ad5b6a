"""A client of a Dask scheduler that its owner closes, and nobody else."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client


def client_of(address: Any, *, timeout_s: float, **given: Any) -> "Client":
    """Return a client that is connected; whoever asked for it closes it.

    Dask leaves a client that is not wholly closed to the garbage collector, which closes it when it likes.
    Where that is while another one is started, both want one lock in one thread, and stand still for ever.

    Args:
        address: The scheduler's, or its cluster.
        timeout_s: How long it may take to connect.
        given: More for Dask's client.

    Raises:
        Exception: It cannot connect, and is closed again.
    """
    from distributed import Client

    class Owned(Client):  # type: ignore[misc]
        def start(self, **options: Any) -> None:
            try:
                super().start(**options)
            except Exception:
                with suppress(Exception):
                    self.close(timeout=timeout_s)
                raise

        def __del__(self) -> None:
            """Leave it as it is."""

    return Owned(address, timeout=timeout_s, set_as_default=False, **given)
