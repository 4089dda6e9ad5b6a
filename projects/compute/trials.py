"""Trials of a search on the workers of a cluster.

The search itself, with Optuna's study, stays with the client, which asks and tells in a fixed order: so a
seed repeats it as it does in threads. A worker gets the rows and their folds once, and prepares the matrices
that its trials need. Dask begins a lost worker's trial again; rows that were lost with all their workers are
sent again. A trial that takes its workers down with it again and again has failed, like any that raises.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from projects.compute.waiting import ClusterLost, present, wait_for
from projects.errors import BadInput
from projects.learning.bench import Bench, Trial
from projects.learning.log import Log
from projects.learning.trial import Tried

if TYPE_CHECKING:
    from distributed import Client, Future

SENT_AGAIN = 3
"""How often rows and trials are sent that were lost with their workers."""
SETTLE_S = 1.0
"""How long a cluster is given to notice that it lost a worker."""
KEPT_SHARE = 0.25
"""Of a worker's memory, for the matrices that it keeps."""
LOST = "the workers that tried it ended one after another, perhaps for want of memory"
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ran:
    """What a worker gives back of a trial.

    Attributes:
        tried: How it went.
        losses: What its first fold's losses were, by round or epoch.
        widths: Of the worker's matrices, by style.
        seconds_a_row: Of preparing them, by style.
        costs: What the configuration was found to cost, where that is bounded.
    """

    tried: Tried
    losses: tuple[tuple[int, float], ...]
    widths: dict[Any, int]
    seconds_a_row: dict[Any, float]
    costs: Any


class OnCluster:
    """Runs trials on a cluster's workers; not safe for threads.

    Args:
        client: Of the cluster.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._sent: Future | None = None

    def run(self, bench: Bench, trials: Sequence[Trial], log: Log) -> list[Tried]:
        """Run trials at once, and return how they went, in their order.

        Raises:
            ClusterLost: The scheduler or all workers went away and stayed away.
            BadInput: A worker cannot do the work at all.
        """
        found: dict[int, Tried] = {}
        for _ in range(SENT_AGAIN):
            waiting = [trial for trial in trials if trial.number not in found]
            if not waiting:
                break
            found |= self._run(bench, waiting, log)
        return [found.get(trial.number) or _failed(trial, LOST) for trial in trials]

    def _run(self, bench: Bench, trials: Sequence[Trial], log: Log) -> dict[int, Tried]:
        """Run trials; those whose rows were lost are not in what is returned."""
        sent = self._bench(bench)
        clock = bench.conditions.clock
        futures = [
            self._client.submit(
                run_trial, sent, _to_go(trial), trial.deadline - clock(), pure=False, priority=-trial.number
            )
            for trial in trials
        ]
        wait_for(self._client, futures)
        found: dict[int, Tried] = {}
        for trial, future in zip(trials, futures, strict=True):
            if future.status == "finished":
                found[trial.number] = _taken(future.result(), trial, bench, log)
            elif future.status == "error":
                found[trial.number] = _failed(trial, _why(future.exception()))
            else:
                self._sent = None  # its rows were lost with the last worker that held them
        return found

    def _bench(self, bench: Bench) -> "Future":
        """Send the rows and folds to a worker, unless one has them; the others fetch them from there.

        Dask's own broadcast waits for ever where a worker is lost in the middle of it.
        """
        one_thread = replace(bench, conditions=replace(bench.conditions, threads=1))
        for again in range(SENT_AGAIN):
            if self._sent is not None and self._sent.status == "finished":
                break
            present(self._client)
            try:
                self._sent = self._client.scatter(one_thread, hash=False)
            except (TimeoutError, OSError) as error:  # a worker was lost in the middle of it
                LOGGER.warning("rows did not reach a worker: %s", error)
                time.sleep(SETTLE_S * (again + 1))
        if self._sent is None:
            raise ClusterLost("rows cannot be sent to the Dask cluster's workers; run this again")
        return self._sent


def run_trial(bench: Bench, trial: Trial, seconds: float) -> Ran:
    """Run a trial where the bench is.

    Args:
        bench: As it was sent.
        trial: What to try.
        seconds: How long it may take.
    """
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    from projects.learning.quiet import fitting_quietly

    if limit := get_worker().memory_manager.memory_limit:
        bench.matrices.keep_at_most(KEPT_SHARE * limit)
    losses: list[tuple[int, float]] = []
    trial = replace(trial, deadline=time.monotonic() + seconds)
    with fitting_quietly(), threadpool_limits(limits=1, user_api="blas"):
        tried = bench.run(trial, lambda step, value: losses.append((step, float(value))))
    matrices, clauses = bench.matrices, bench.clauses
    return Ran(
        tried, tuple(losses) if trial.is_told else (), dict(matrices.widths), dict(matrices.seconds_a_row),
        clauses.known.get(trial.configuration.key) if clauses else None,
    )  # fmt: skip


def _to_go(trial: Trial) -> Trial:
    """Leave the proposer's ticket here, which only its study understands."""
    return replace(trial, configuration=replace(trial.configuration, ticket=None))


def _taken(ran: Ran, trial: Trial, bench: Bench, log: Log) -> Tried:
    for step, value in ran.losses:
        log.loss(trial.configuration.candidate.name, step, value)
    for style, seconds in ran.seconds_a_row.items():
        bench.matrices.widths[style] = ran.widths[style]
        bench.matrices.seconds_a_row[style] = seconds
    if bench.clauses and ran.costs is not None:
        bench.clauses.known[trial.configuration.key] = ran.costs
    return replace(ran.tried, configuration=trial.configuration)


def _failed(trial: Trial, reason: str) -> Tried:
    LOGGER.warning("%s was not tried: %s", trial.configuration.candidate.name, reason)
    return Tried(trial.number, trial.configuration, "failed", reason)


def _why(error: BaseException | None) -> str:
    """Say why a worker could not give back a trial.

    Raises:
        BadInput: No worker that lacks this can do any trial.
    """
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return LOST
    if isinstance(error, ImportError | AttributeError):
        raise BadInput(
            f"a worker of the Dask cluster lacks what a trial needs ({error}); install there what is"
            " installed here, or leave compute out",
            code="no_cluster",
        ) from error
    return f"{type(error).__name__}: {error}"[:300]
