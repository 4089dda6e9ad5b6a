"""A request's way through a scorer: at once on the event loop, or in a thread within the time limit."""

import asyncio
import logging
import time
from dataclasses import dataclass

from serving.crew import Crew
from serving.protocol.dialect import Asked, Dialect
from serving.protocol.errors import RequestError
from serving.registry.table import Lane
from serving.scorers.scorer import Job, Scored
from serving.web.admission import Admission

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Crews:
    """The threads of one worker: a foreign model's code, which may hang, has its own."""

    plan: Crew
    pyfunc: Crew


class Scoring:
    """Has requests scored. For one event loop.

    Args:
        crews: Where long work is done, by the kind of scorer.
        admission: Bounds the calls of foreign code.
        time_s: How long a request may take from its arrival.
    """

    def __init__(self, crews: Crews, admission: Admission, time_s: float) -> None:
        self._crews, self._admission, self._time_s = crews, admission, time_s

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
        if lane.scorer.kind == "pyfunc":
            with self._admission.foreign():
                return await self._guarded(lane, dialect, asked, started)
        return await self._guarded(lane, dialect, asked, started)

    async def _guarded(self, lane: Lane, dialect: Dialect, asked: Asked, started: float) -> Scored:
        try:
            begun = dialect.begin(lane.scorer, asked)
            return begun if isinstance(begun, Scored) else await self._in_thread(lane, begun, started)
        except RequestError:
            raise
        except Exception as error:
            # A fault of ours or of the model's code: the caller gets a plain line, the log the traceback.
            _logger.exception("version %s of '%s' failed on a request", lane.held.version, lane.held.model)
            raise RequestError(500, "the model failed on this request; the gateway's log says how") from error

    async def _in_thread(self, lane: Lane, job: Job, started: float) -> Scored:
        left_s = self._time_s - (time.perf_counter() - started)
        crew = self._crews.pyfunc if lane.scorer.kind == "pyfunc" else self._crews.plan
        future = crew.submit(job)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), left_s)
        except TimeoutError as error:
            crew.give_up(future)
            sentence = f"the model did not answer within {self._time_s:g} s; send fewer rows, or try later"
            raise RequestError(504, sentence) from error
