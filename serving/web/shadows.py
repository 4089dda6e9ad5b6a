"""Copies of the traffic for shadow variants: scored after the answer has left, logged, given to nobody.

They have a thread of their own and a short queue, of which one shadow gets a place while it holds fewer than
are free: one that hangs leaves room for the others. What does not fit is dropped and counted.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from serving.crew import Crew
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.record import new_prediction_id
from serving.protocol.dialect import Asked, Dialect
from serving.protocol.errors import RequestError
from serving.registry.store import Cold, never_loaded
from serving.registry.table import Lane
from serving.scorers.scorer import Remote, Scored, Scorer
from serving.web.masks import Masks
from serving.web.records import WITHOUT_KEY, answered
from serving.web.tally import Tally

_logger = logging.getLogger(__name__)

QUEUE = 64
"""Shadow requests at a time, of which one shadow alone may hold half."""

LONGEST_S = 10.0
"""How long a shadow may take; then it is given up, and another thread takes its thread's place."""


class Shadows:
    """Scores shadow requests. For one event loop.

    Args:
        commit: The prediction log; None where none is kept.
        tally: Counts what is answered and what is dropped.
        masks: Drops or hashes what must not be logged.
        cold: Loads a version that is not in memory.
    """

    def __init__(
        self, commit: GroupCommit | None, tally: Tally, masks: Masks = WITHOUT_KEY, cold: Cold = never_loaded
    ) -> None:
        self._commit, self._tally, self._masks, self._cold = commit, tally, masks, cold
        self._crew = Crew(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: Counter[str] = Counter()

    def offer(self, lane: Lane, dialect: Dialect, asked: Asked, request_id: str) -> None:
        """Take a copy of a request, or drop it when too many wait.

        Args:
            lane: The shadow.
            dialect: Who reads the request.
            asked: The request.
            request_id: What the shadow's record names it by: the caller's id, or the answered prediction's.
        """
        if self._held[lane.held.folder] >= QUEUE - len(self._tasks):
            self._tally.shadow_dropped(lane)
            return
        task = asyncio.create_task(self._score(lane, dialect, asked, request_id))
        self._tasks.add(task)
        self._held[lane.held.folder] += 1
        task.add_done_callback(partial(self._leave, lane.held.folder))

    async def close(self) -> None:
        """Finish what waits, briefly, and take no more."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def _leave(self, folder: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._held[folder] -= 1
        if not self._held[folder]:
            del self._held[folder]

    async def _score(self, lane: Lane, dialect: Dialect, asked: Asked, request_id: str) -> None:
        started, meter = time.perf_counter(), self._tally.meter(lane)
        try:
            with lane.slot.lease():
                scorer = lane.slot.scorer or await self._cold(lane.slot, lane.policy.cold_ms, LONGEST_S)
                work = partial(_whole, scorer, dialect, asked, lane.held.version)
                begun = await self._in_thread(lane.held.folder, work)
                scored = begun if isinstance(begun, Scored) else await begun.answer(LONGEST_S)
        except RequestError as error:
            meter.answered(error.status, 0, time.perf_counter() - started)
            return
        except TimeoutError:
            meter.answered(504, 0, time.perf_counter() - started)
            return
        except Exception:  # a shadow's fault is nobody's answer
            _logger.exception("the shadow '%s' failed", lane.variant)
            meter.answered(500, 0, time.perf_counter() - started)
            return
        spent_s = time.perf_counter() - started
        if self._commit is not None:
            line = answered(
                new_prediction_id(),
                lane,
                scored,
                request_id=request_id,
                user_key=None,
                spent_s=spent_s,
                shadow=True,
                masks=self._masks,
            )
            await self._commit.commit(line)
        meter.answered(200, scored.count, spent_s)

    async def _in_thread(self, group: str, job: Callable[[], Scored | Remote]) -> Scored | Remote:
        future = self._crew.submit(job, group)
        try:
            answer: Scored | Remote = await asyncio.wait_for(asyncio.wrap_future(future), LONGEST_S)
        except TimeoutError:
            self._crew.give_up(future)
            raise
        return answer


def _whole(scorer: Scorer, dialect: Dialect, asked: Asked, version: str) -> Scored | Remote:
    begun = dialect.begin(scorer, asked, version)
    return begun if isinstance(begun, Scored | Remote) else begun()
