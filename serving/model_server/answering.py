"""One request for a version, from bytes to answer: the gateway's scorers without its routes and log."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import orjson

from serving.crew import Crew
from serving.model_server.frame import TABLE_TYPE
from serving.model_server.gathering import Counts, Gathering
from serving.model_server.occupancy import Occupancy
from serving.protocol.dialect import CONTENT_TYPE, MLFLOW, Asked
from serving.protocol.errors import RequestError
from serving.scorers.forwarding import RETRY_AFTER, TIME_LEFT
from serving.scorers.scorer import Begun, Job, Remote, Scored, Scorer, Shareable, Shared, Table, Wants

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one model server takes on."""

    in_flight: int
    body_bytes: int
    time_s: float


class Answering:
    """Has requests scored, a bounded number at a time. For one event loop.

    Args:
        crew: The threads for what takes long.
        limits: What is taken on.
        on_late: Is told that a call is late and still runs.
    """

    def __init__(self, crew: Crew, limits: Limits, on_late: Callable[[], None] = lambda: None) -> None:
        self.limits, self.occupancy, self.counts = limits, Occupancy(), Counts()
        self._crew, self._on_late = crew, on_late
        self._gatherings: WeakKeyDictionary[Shared, Gathering] = WeakKeyDictionary()

    async def scored(self, scorer: Scorer, version: str, asked: Asked) -> Scored:
        """Have a request scored.

        Raises:
            RequestError: It gets no prediction; 503 where another server should be asked.
        """
        if self.occupancy.count >= self.limits.in_flight:
            sentence = f"this model server is answering {self.occupancy.count} requests"
            raise RequestError(503, sentence, headers=RETRY_AFTER)
        try:
            with self.occupancy.request():
                return await self._scored(scorer, version, asked, self._left_s(asked.headers))
        except RequestError:
            raise
        except TimeoutError as error:
            sentence = "the model did not answer in time; send fewer rows, or try later"
            raise RequestError(504, sentence) from error
        except Exception as error:
            # A fault of ours or of the model's code: the caller gets a plain line, the log the traceback.
            _logger.exception("version %s failed on a request", version)
            sentence = "the model failed on this request; the model server's log says how"
            raise RequestError(500, sentence) from error

    async def _scored(self, scorer: Scorer, version: str, asked: Asked, left_s: float) -> Scored:
        begun = _begun(scorer, version, asked)
        if isinstance(begun, Scored):
            return begun
        if isinstance(begun, Remote):
            return await begun.answer(left_s)
        if isinstance(begun, Shareable):
            return await self._in_company(begun, left_s)
        return await self._in_thread(begun, left_s)

    async def _in_company(self, job: Shareable, left_s: float) -> Scored:
        clock = asyncio.get_running_loop().time
        deadline = clock() + left_s
        gathering = self._gatherings.get(job.shared)
        if gathering is None:
            gathering = Gathering(self._crew, self.counts, self._on_late)
            self._gatherings[job.shared] = gathering
        scored = await gathering.answer(job, left_s)
        return scored if scored is not None else await self._in_thread(job, deadline - clock())

    async def _in_thread(self, job: Job, left_s: float) -> Scored:
        future = self._crew.submit(job)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), left_s)
        except TimeoutError:
            self._crew.give_up(future)
            self._on_late()
            raise

    def _left_s(self, headers: Mapping[bytes, bytes]) -> float:
        try:
            asked_s = float(headers.get(TIME_LEFT, self.limits.time_s))
        except ValueError:
            return self.limits.time_s
        return min(asked_s, self.limits.time_s) if asked_s > 0 else 0.0


def _begun(scorer: Scorer, version: str, asked: Asked) -> Begun:
    if asked.headers.get(CONTENT_TYPE) != TABLE_TYPE:
        return MLFLOW.begin(scorer, asked, version)
    try:
        columns, rows, probabilities, explanation, params = orjson.loads(asked.body)
        table, wants = Table(tuple(columns), rows), Wants(probabilities is True, explanation is True, params)
    except (orjson.JSONDecodeError, TypeError, ValueError) as error:
        raise RequestError(400, "the body must be a list of columns, rows and what is wanted") from error
    return scorer.begin_table(table, wants)
