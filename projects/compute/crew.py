"""A cluster's workers, given tasks a few at a time, whose answers come back in the order of the tasks.

Tasks are functions of this project over values that say where rows lie. What a lost worker had to do is done
again by another one (that is Dask's doing), so a task must be one that may be done twice.
"""

import errno
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from projects.compute.waiting import LOOK_S, ClusterLost, Patience
from projects.errors import BadInput
from projects.ingest.failures import NO_SPACE

if TYPE_CHECKING:
    from distributed import Client, Future, WorkerPlugin

AHEAD = 2
"""Tasks for each thread that are given out before the first answer is taken: one is done, one waits."""
FEWEST_AHEAD = 4
GRAIN_BYTES = 16_000_000
"""What one task is about, in bytes of text; less than two of them are not worth a cluster."""
T = TypeVar("T")
R = TypeVar("R")


class Crew:
    """The workers of a cluster.

    Args:
        client: Of the cluster.
        say: Hears what concerns a person.
        grain: How much one task is about, in bytes of text.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        client: "Client",
        say: Callable[[str], None],
        *,
        grain: int = GRAIN_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self.grain = grain
        self._client = client
        self._said: set[str] = set()
        self._say = say

    @property
    def threads(self) -> int:
        """The threads of all workers."""
        return max(sum(int(threads) for threads in self._client.nthreads().values()), 1)

    def in_order(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """Have tasks done; give the answers in the order of the tasks, few of them held at a time.

        Raises:
            BadInput: The cluster is lost, or workers are lost again and again; or what the work raises.
        """
        waiting: deque[Future[Any]] = deque()
        most = max(AHEAD * self.threads, FEWEST_AHEAD)
        try:
            for task in tasks:
                waiting.append(self._given(work, task))
                if len(waiting) > most:
                    yield self._answer(waiting.popleft())
            while waiting:
                yield self._answer(waiting.popleft())
        finally:
            for future in waiting:
                future.release()

    def _given(self, work: Callable[[T], R], task: T) -> "Future":
        with self._faults():
            return self._client.submit(done, work, task, pure=False)

    def _answer(self, future: "Future") -> Any:
        """Wait for an answer, for as long as there is somebody to give it."""
        with self._faults():
            answer = self._waited(future)
        if isinstance(answer, Refusal):
            raise answer.error
        return answer

    def _waited(self, future: "Future") -> Any:
        """Wait in steps to the end: an answer that was there may go with its worker while it is taken."""
        patience = Patience(self._client, clock=self._clock)
        while True:
            try:
                return future.result(timeout=LOOK_S)
            except TimeoutError:
                if future.status == "error":  # the work's own
                    raise
            patience.workers()

    def teach(self, plugin: "WorkerPlugin", name: str) -> None:
        """Give all workers, also those to come, something to hold until it is forgotten."""
        with self._faults():
            self._client.register_plugin(plugin, name=name)

    def forget(self, name: str) -> None:
        """Take back what workers were taught; a cluster that is lost has forgotten it."""
        if self._client.status == "running":
            with self._faults():
                self._client.unregister_worker_plugin(name=name)

    def sees(self, paths: Sequence[Path], otherwise: str = "") -> bool:
        """Whether every worker sees files as this process does; if not, a person is told once.

        Args:
            paths: The files.
            otherwise: What the person is told; by default who does not see which.
        """
        sizes = {str(path): path.stat().st_size for path in paths}
        with self._faults():
            found = self._client.run(blind_spot, sizes)
        for worker, path in found.items():
            if path:
                self.tell_once(
                    otherwise
                    or f"the worker {worker} does not see '{path}' as it lies here, so this machine reads it;"
                    " put it into a folder that all machines share, or into a bucket"
                )
                return False
        return True

    def tell_once(self, sentence: str) -> None:
        """Tell a person something, unless it was told before."""
        if sentence not in self._said:
            self._said.add(sentence)
            self._say(sentence)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Tell a cluster's faults as sentences."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        where = getattr(self._client.scheduler, "address", "")
        try:
            yield
        except KilledWorker as error:
            raise BadInput(
                "workers of the Dask cluster were lost again and again with the same work;"
                " give them more memory, or fewer threads",
                code="cluster_lost",
            ) from error
        except ModuleNotFoundError as error:
            raise BadInput(
                f"the workers of the Dask cluster lack the package '{error.name}';"
                " install Penstock there as it is here"
            ) from error
        except ClusterLost as error:
            raise BadInput(str(error), code="cluster_lost") from error
        except (CancelledError, CommClosedError, TimeoutError, OSError) as error:
            raise BadInput(
                f"the Dask cluster at {where} is lost; start it again, and then this",
                code="cluster_lost",
            ) from error


def crew_of(client: "Client | None", say: Callable[[str], None]) -> Crew | None:
    """Give the workers of a cluster; None where there is none."""
    return None if client is None else Crew(client, say)


@dataclass(frozen=True)
class Refusal:
    """What is wrong with the data, or with reading it, as a worker found it."""

    error: Exception


def done(work: Callable[[T], R], task: T) -> R | Refusal:
    """Do a task; what is no fault of the worker's is an answer, too, and none that it would log."""
    import duckdb

    try:
        return work(task)
    except BadInput as error:
        return Refusal(error)
    except (duckdb.Error, OSError) as error:
        return Refusal(_told(error))


def _told(error: Exception) -> Exception:
    """Say of which worker the disk or the memory does not suffice; what else DuckDB says stays as it is."""
    import duckdb
    from distributed import get_worker

    worker = get_worker()
    where, folder = worker.address, worker.local_directory
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT) or NO_SPACE in str(error):
        return BadInput(
            f"the disk of '{folder}' is full, where the worker {where} works; make room there, or start it"
            " with another --local-directory"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return BadInput(
            f"the worker {where} has too little memory, and too little disk in '{folder}', for its share"
            f" ({str(error).splitlines()[0]:.200}); give it more"
        )
    if not isinstance(error, OSError):
        return error
    named = f"'{error.filename}'" if error.filename else "what it works on"
    return BadInput(f"the worker {where} cannot use {named}; {error.strerror or type(error).__name__}")


def blind_spot(sizes: dict[str, int]) -> str:
    """Name the first of some files that is not seen here with its size; empty if all are."""
    for path, size in sizes.items():
        try:
            if Path(path).stat().st_size == size:
                continue
        except OSError:
            pass
        return path
    return ""
