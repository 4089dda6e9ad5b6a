"""A Dask cluster for as long as it is used: one that is there, one made on this machine, or none.

Dask's client is asked by the parts that can share their work; what is asked of nobody costs nothing, for Dask
is imported only where a cluster is named.
"""

import importlib.util
import logging
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.compute.clients import client_of
from projects.compute.likeness import check_workers
from projects.counted import counted
from projects.errors import BadInput
from projects.requirement.compute_section import LOCAL
from projects.requirement.model import Compute

if TYPE_CHECKING:
    from distributed import Client, Worker, WorkerPlugin

Say = Callable[[str], None]
CONNECT_S = 7
"""How long a scheduler that is there may take to answer; the sentence comes within 10 seconds."""
FIRST_WORKER_S = 30
"""How long is waited for a cluster's first worker."""
LOUD = ("distributed", "distributed.client", "tornado.application", "asyncio")


@contextmanager
def cluster(compute: Compute, say: Say, *, folder: Path | None = None) -> Iterator["Client | None"]:
    """Give a client of the cluster that is asked for; None where the work is done here.

    Args:
        compute: What is asked for.
        say: Hears where the work is done, and which packages differ there.
        folder: Where the workers of a cluster on this machine keep what does not fit in memory; by default
            a temporary folder.

    Raises:
        BadInput: Dask is not installed, the scheduler cannot be reached, or it has no workers.
    """
    if not compute.cluster:
        yield None
        return
    if importlib.util.find_spec("distributed") is None:
        raise BadInput(
            "compute asks for a Dask cluster, and Dask is not installed; install it with"
            " `pip install 'dask[array,dataframe]>=2026.1' 'distributed>=2026.1'`, or leave compute out",
            code="missing_package",
        )
    with ExitStack() as stack:
        stack.enter_context(_quietly())
        address = (
            stack.enter_context(_local(compute, folder)) if compute.cluster == LOCAL else compute.cluster
        )
        client = stack.enter_context(_connected(address))
        _tell(client, compute, say)
        if compute.cluster == LOCAL:
            client.register_plugin(silence())
        yield client


@contextmanager
def _connected(address: Any) -> Iterator["Client"]:
    connecting: Future[Client] = Future()
    threading.Thread(target=_connect, args=(address, connecting), daemon=True).start()
    wait([connecting], CONNECT_S + 1)
    if connecting.cancel():
        raise BadInput(_unreachable(address, "what listens there is no Dask scheduler"), code="no_cluster")
    error = connecting.exception()
    if error is not None:
        raise BadInput(_unreachable(address, error), code="no_cluster") from error
    client = connecting.result()
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_S)


def _connect(address: Any, connecting: "Future[Client]") -> None:
    """Connect in a thread of its own: Dask waits for ever for what takes a connection and says nothing.

    What nobody waits for any more is closed.
    """
    try:
        client = client_of(address, timeout_s=CONNECT_S)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told to a person by who waits
        with suppress(InvalidStateError):
            connecting.set_exception(error)
        return
    try:
        connecting.set_result(client)
    except InvalidStateError:
        client.close(timeout=CONNECT_S)


def _unreachable(address: Any, error: "BaseException | str") -> str:
    why = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    certificates = (
        "; a tls:// scheduler wants certificates, which Dask reads from DASK_DISTRIBUTED__COMM__TLS__*"
        if str(address).startswith("tls://")
        else ""
    )
    return (
        f"the Dask scheduler at {address} cannot be reached ({why:.160}){certificates}; start it with"
        " `dask scheduler`, name another with compute, or leave compute out"
    )


@contextmanager
def _local(compute: Compute, folder: Path | None) -> Iterator[Any]:
    """Make a cluster of processes on this machine, which nobody else's program here can speak with.

    A scheduler runs what it is sent, so it and its workers want a certificate that this process has made.
    """
    from distributed import LocalCluster
    from distributed.security import Security

    with tempfile.TemporaryDirectory(prefix="dask-", dir=folder, ignore_cleanup_errors=True) as own:
        made = LocalCluster(
            n_workers=compute.workers,
            threads_per_worker=compute.threads,
            memory_limit=compute.memory or "auto",
            processes=True,
            protocol="tls",
            security=Security.temporary(),
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            local_directory=own,
        )
        with made:
            yield made


def silence() -> "WorkerPlugin":
    """Return what keeps workers' prints from this process's own output, which may be for a program.

    What goes wrong with their work comes back with it, and their nannies are in this process.
    """
    from distributed import WorkerPlugin

    class Silence(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: "Worker") -> None:
            del worker
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            os.close(nowhere)

    return Silence()


def _tell(client: "Client", compute: Compute, say: Say) -> None:
    """Wait for the first worker, and say who works, and which packages differ there.

    Raises:
        BadInput: There is no worker, or one cannot do the work.
    """
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_S)
    except TimeoutError as error:
        raise BadInput(
            f"the Dask scheduler at {compute.cluster} has no workers; start some with"
            f" `dask worker {compute.cluster}`",
            code="no_cluster",
        ) from error
    workers = client.scheduler_info(n_workers=-1)["workers"]
    threads = sum(worker["nthreads"] for worker in workers.values())
    where = "on this machine" if compute.cluster == LOCAL else f"at {compute.cluster}"
    say(f"the Dask cluster {where}: {counted(len(workers), 'worker')}, {counted(threads, 'thread')}")
    for sentence in check_workers(client):
        say(sentence)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep Dask's own logs of connections that come and go from a person's lines."""
    import distributed  # it sets its loggers' levels when it is imported

    del distributed
    loggers = [logging.getLogger(name) for name in LOUD]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="distributed")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
