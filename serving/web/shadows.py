"""Copies of the traffic for shadow variants: scored after the answer has left, logged, given to nobody.

They have a thread of their own and a short queue. What does not fit is dropped and counted.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

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

QUEUE = 32
LONGEST_S = 10.0
"""How long a shadow that another process scores may take."""


class Shadows:
    """Scores shadow requests. For one event loop.

    Args:
        commit: The prediction log.
        tally: Counts what is answered and what is dropped.
        masks: Drops or hashes what must not be logged.
        cold: Loads a version that is not in memory.
    """

    def __init__(
        self, commit: GroupCommit, tally: Tally, masks: Masks = WITHOUT_KEY, cold: Cold = never_loaded
    ) -> None:
        self._commit, self._tally, self._masks, self._cold = commit, tally, masks, cold
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._tasks: set[asyncio.Task[None]] = set()

    def offer(self, lane: Lane, dialect: Dialect, asked: Asked, request_id: str) -> None:
        """Take a copy of a request, or drop it when too many wait.

        Args:
            lane: The shadow.
            dialect: Who reads the request.
            asked: The request.
            request_id: What the shadow's record names it by: the caller's id, or the answered prediction's.
        """
        if len(self._tasks) >= QUEUE:
            self._tally.shadow_dropped(lane)
            return
        task = asyncio.create_task(self._score(lane, dialect, asked, request_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Finish what waits, briefly, and take no more."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _score(self, lane: Lane, dialect: Dialect, asked: Asked, request_id: str) -> None:
        started, meter = time.perf_counter(), self._tally.meter(lane)
        try:
            with lane.slot.lease():
                scorer = lane.slot.scorer or await self._cold(lane.slot, lane.policy.cold_ms, LONGEST_S)
                loop, version = asyncio.get_running_loop(), lane.held.version
                begun = await loop.run_in_executor(self._pool, _whole, scorer, dialect, asked, version)
                scored = begun if isinstance(begun, Scored) else await begun.answer(LONGEST_S)
        except RequestError as error:
            meter.answered(error.status, 0, time.perf_counter() - started)
            return
        except Exception:  # a shadow's fault is nobody's answer
            _logger.exception("the shadow '%s' failed", lane.variant)
            meter.answered(500, 0, time.perf_counter() - started)
            return
        spent_s = time.perf_counter() - started
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


def _whole(scorer: Scorer, dialect: Dialect, asked: Asked, version: str) -> Scored | Remote:
    begun = dialect.begin(scorer, asked, version)
    return begun if isinstance(begun, Scored | Remote) else begun()
