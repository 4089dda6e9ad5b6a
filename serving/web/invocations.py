"""The hot path: one request from its bytes to its answer, whatever the protocol.

    admit -> route -> read -> score -> log -> answer -> shadows

Everything before `score` is the event loop's; what takes longer than about a millisecond is scored in a
thread. The answer leaves only when its record is on the log.
"""

import asyncio
import time
from dataclasses import dataclass
from random import random

from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.record import new_prediction_id
from serving.protocol.dialect import Asked, Dialect
from serving.protocol.errors import RequestError
from serving.registry.table import ActiveRoute, Lane, Table
from serving.scorers.scorer import Scored
from serving.web.admission import Admission, Busy
from serving.web.asgi import JSON, ClientLeft, Exchange, Headers, Receive, check_length, read_body, respond
from serving.web.caller import Caller, read_caller
from serving.web.names import unknown_model
from serving.web.records import answered, hashed
from serving.web.scoring import Scoring
from serving.web.shadows import Shadows
from serving.web.tally import Tally

RETRY_AFTER = (b"retry-after", b"1")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker takes on."""

    in_flight: int
    body_bytes: int
    time_s: float


class Invocations:
    """Answers requests for predictions. For one event loop.

    Args:
        limits: What one worker takes on.
        admission: Counts what is taken on.
        scoring: Has requests scored.
        commit: The prediction log.
        shadows: Scores copies of the traffic after the answer.
        tally: Counts what happens.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        admission: Admission,
        scoring: Scoring,
        commit: GroupCommit,
        shadows: Shadows,
        tally: Tally,
    ) -> None:
        self._limits, self._admission, self._scoring = limits, admission, scoring
        self._commit, self._shadows, self._tally = commit, shadows, tally

    async def answer(self, name: str, dialect: Dialect, table: Table, http: Exchange) -> None:
        """Answer one request for a called name."""
        try:
            with self._admission.request():
                await self._admitted(name, dialect, table, http)
        except ClientLeft:
            self._tally.rejected("client_left")
        except RequestError as error:
            self._tally.rejected(_reason(error))
            headers = (JSON, RETRY_AFTER) if isinstance(error, Busy) else (JSON,)
            await respond(http.send, error.status, dialect.refusal(error), headers)

    async def _admitted(self, name: str, dialect: Dialect, table: Table, http: Exchange) -> None:
        started = time.perf_counter()
        caller = read_caller(http.scope["headers"])
        check_length(caller.length, self._limits.body_bytes)
        route, lane = _lane(name, table, caller)
        asked = Asked(await self._read(http.receive), caller.headers)
        meter = self._tally.meter(lane)
        try:
            scored = await self._scoring.scored(lane, dialect, asked, started)
        except Busy:
            raise
        except RequestError as error:
            meter.answered(error.status, 0, time.perf_counter() - started)
            refused = (JSON, *lane.headers, *caller.echo)
            await respond(http.send, error.status, dialect.refusal(error), refused)
            return
        prediction_id = await self._log(lane, scored, caller, route, started)
        await respond(http.send, 200, scored.body, _headers(lane, scored, caller, prediction_id))
        meter.answered(200, len(scored.rows), time.perf_counter() - started)
        for shadow in route.shadows:
            self._shadows.offer(shadow, dialect, asked, caller.request_id or prediction_id)

    async def _read(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self._limits.time_s):
                return await read_body(receive, self._limits.body_bytes)
        except TimeoutError as error:
            raise RequestError(408, f"the body must arrive within {self._limits.time_s:g} s") from error

    async def _log(
        self, lane: Lane, scored: Scored, caller: Caller, route: ActiveRoute, started: float
    ) -> str:
        prediction_id = new_prediction_id()
        line = answered(
            prediction_id,
            lane,
            scored,
            request_id=caller.request_id,
            user_key=hashed(route.salt, caller.user_key),
            spent_s=time.perf_counter() - started,
        )
        await self._commit.commit(line)
        return prediction_id


def _headers(lane: Lane, scored: Scored, caller: Caller, prediction_id: str) -> Headers:
    return (*scored.headers, *lane.headers, (b"x-prediction-id", prediction_id.encode()), *caller.echo)


def _lane(name: str, table: Table, caller: Caller) -> tuple[ActiveRoute, Lane]:
    route = table.get(name)
    if route is None:
        raise unknown_model(name, table)
    lane = route.lane(caller.user_key, random)
    if lane is None:
        why = "; ".join(route.problems) or f"route '{name}' has no variant that can answer"
        how = f"promote one: python -m serving.lifecycle promote {route.state.model} VERSION"
        raise RequestError(503, f"{why} ({how})")
    return route, lane


def _reason(error: RequestError) -> str:
    return {
        404: "unknown_model",
        408: "slow_body",
        413: "body_too_large",
        429: "busy",
        503: "no_version",
    }[error.status]
