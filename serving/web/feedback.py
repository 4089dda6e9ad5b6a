"""`POST /feedback`: what became of predictions, on the disk before the answer leaves.

Each object of a list is taken or refused by itself: 200 tells how many were taken and why others were not,
400 that none was. Whether a prediction of that id exists is found out when the outcomes are sealed, as it may
lie in another worker's open segment.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson

from serving.prediction_log import outcomes
from serving.prediction_log.group_commit import GroupCommit
from serving.protocol.errors import RequestError
from serving.protocol.feedback_body import Feedback, read_feedback
from serving.registry.table import Table
from serving.web.admission import Admission
from serving.web.asgi import JSON, ClientLeft, Exchange, Headers, check_length, read_body, respond
from serving.web.caller import Caller, read_caller
from serving.web.encoding import CONTENT_ENCODING, unpacked
from serving.web.guards import Guards

AT_ONCE_BYTES = 32 * 1024
"""Longer bodies are read in a thread."""
RETRY_AFTER = (b"retry-after", b"5")


class FeedbackDoor:
    """Takes what became of predictions. For one event loop.

    Args:
        commit: The outcomes' log.
        admission: Counts what is taken on.
        guards: Who is let in, and what refusals tell.
        body_bytes: The longest body.
        time_s: How long a body may take to arrive.
        clock: Seconds since 1970.

    Attributes:
        counts: How many outcomes were accepted, rejected or unwritten since the worker started.
    """

    def __init__(
        self,
        commit: GroupCommit,
        admission: Admission,
        guards: Guards | None,
        *,
        body_bytes: int,
        time_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counts = {"accepted": 0, "rejected": 0, "unwritten": 0}
        self._commit, self._admission, self._guards = commit, admission, guards or Guards()
        self._body_bytes, self._time_s, self._clock = body_bytes, time_s, clock

    async def answer(self, table: Table, http: Exchange, rejected: Callable[[str], None]) -> None:
        """Answer one request.

        Args:
            table: What the gateway answers with, for the gate.
            http: The request.
            rejected: Counts a request that is turned away as a whole, by its reason.
        """
        caller = read_caller(http.scope["headers"])
        try:
            if self._guards.gate is not None:
                await self._guards.gate.admit(http.scope["headers"], "feedback", None, table)
            with self._admission.request():
                status, answer, headers = await self._taken(caller, http)
        except ClientLeft:
            rejected("client_left")
        except RequestError as error:
            rejected(
                error.reason
                or {408: "slow_body", 413: "body_too_large", 429: "busy"}.get(error.status, "feedback")
            )
            shown = self._guards.disclosure.shown(error, caller.request_id)
            await respond(http.send, error.status, shown.body(), (JSON, *caller.echo, *shown.headers))
        else:
            await respond(http.send, status, orjson.dumps(answer), (JSON, *caller.echo, *headers))

    async def _taken(self, caller: Caller, http: Exchange) -> tuple[int, dict[str, Any], Headers]:
        body = await self._read(caller, http)
        work = self._lines
        feedback, lines = work(body) if len(body) <= AT_ONCE_BYTES else await asyncio.to_thread(work, body)
        self.counts["rejected"] += len(feedback.refused)
        answer: dict[str, Any] = {
            "accepted": len(feedback.outcomes),
            "rejected": [asdict(refused) for refused in feedback.refused],
        }
        if feedback.outcomes and not await self._commit.commit(lines):
            self.counts["unwritten"] += len(feedback.outcomes)
            error = RequestError(503, "the feedback could not be written; send it again later")
            return (
                503,
                orjson.loads(error.body()) | {"accepted": 0, "rejected": answer["rejected"]},
                (RETRY_AFTER,),
            )
        self.counts["accepted"] += len(feedback.outcomes)
        if feedback.refused and not feedback.outcomes:
            error = RequestError(400, f"none was taken: {feedback.refused[0].message}")
            return 400, orjson.loads(error.body()) | answer, ()
        return 200, answer, ()

    async def _read(self, caller: Caller, http: Exchange) -> bytes:
        check_length(caller.length, self._body_bytes)
        try:
            async with asyncio.timeout(self._time_s):
                body = await read_body(http.receive, self._body_bytes)
        except TimeoutError as error:
            raise RequestError(408, f"the body must arrive within {self._time_s:g} s") from error
        return await unpacked(body, caller.headers.get(CONTENT_ENCODING, b""), self._body_bytes)

    def _lines(self, body: bytes) -> tuple[Feedback, bytes]:
        feedback = read_feedback(body, self._clock())
        return feedback, b"".join(map(outcomes.encode, feedback.outcomes))
