"""A request's way through a scorer: at once on the event loop, or in a thread within the time limit."""

import asyncio
import logging
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from serving.crew import Crew
from serving.protocol.dialect import Asked, Dialect
from serving.protocol.errors import RequestError
from serving.registry.slot import Slot
from serving.registry.store import Cold, never_loaded
from serving.registry.table import Lane
from serving.scorers.scorer import Job, Remote, Scored
from serving.web.admission import Admission

_logger = logging.getLogger(__name__)


class Scoring:
    """Has requests scored. For one event loop.

    Args:
        crew: Where what takes long is done.
        admission: Bounds what each version does not answer at once.
        time_s: How long a request may take from its arrival.
        cold: Loads a version that is not in memory.
    """

    def __init__(self, crew: Crew, admission: Admission, time_s: float, cold: Cold = never_loaded) -> None:
        self._crew, self._admission, self._time_s, self._cold = crew, admission, time_s, cold

    async def scored(self, lane: Lane, dialect: Dialect, asked: Asked, started: float) -> Scored:
        """Have a request scored by a lane.

        Args:
            lane: Who answers.
            dialect: Who reads the request.
            asked: The request.
            started: When it arrived, by `time.perf_counter`.

        Raises:
            RequestError: It gets no prediction.
        """
        try:
            slot = lane.slot
            scorer = slot.scorer
            if scorer is None:
                left_s = self._time_s - (time.perf_counter() - started)
                scorer = await self._cold(slot, lane.policy.cold_ms, left_s)
            slot.used_s = started
            begun = dialect.begin(scorer, asked, lane.held.version)
            if isinstance(begun, Scored):
                return begun
            with (
                slot.lease(),
                self._admission.version(lane.held.model, lane.held.version, lane.policy.max_in_flight),
            ):
                if isinstance(begun, Remote):
                    return await self._elsewhere(begun, started)
                return await self._in_thread(lane, begun, started)
        except RequestError:
            raise
        except Exception as error:
            # A fault of ours or of the model's code: the caller gets a plain line, the log the traceback.
            _logger.exception("version %s of '%s' failed on a request", lane.held.version, lane.held.model)
            raise RequestError(500, "the model failed on this request; the gateway's log says how") from error

    async def _elsewhere(self, remote: Remote, started: float) -> Scored:
        try:
            return await remote.answer(self._time_s - (time.perf_counter() - started))
        except TimeoutError as error:
            raise self._late() from error

    async def _in_thread(self, lane: Lane, job: Job, started: float) -> Scored:
        left_s = self._time_s - (time.perf_counter() - started)
        future = self._crew.submit(job, lane.held.folder)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), left_s)
        except TimeoutError as error:
            self._crew.give_up(future)
            # The call goes on in its thread, and needs the version as long as it does.
            lane.slot.leases += 1
            future.add_done_callback(partial(_release, asyncio.get_running_loop(), lane.slot))
            raise self._late() from error

    def _late(self) -> RequestError:
        sentence = f"the model did not answer within {self._time_s:g} s; send fewer rows, or try later"
        return RequestError(504, sentence)


def _release(loop: asyncio.AbstractEventLoop, slot: Slot, _: Future[Any]) -> None:
    """End a lease from any thread; at the worker's end the loop is gone, and the lease with it."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(slot.release)
