"""`POST /feedback`: what became of predictions, on the disk before the answer leaves.

Each object of a list is taken or refused by itself: 200 tells how many were taken and why others were not,
400 that none was. Who may judge every prediction is taken at his word, and whether there is one of that id is
found out when the outcomes are sealed; for all others it is looked up whose model has made it.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

import orjson

from serving.prediction_log import outcomes
from serving.prediction_log.bucket import BucketError
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.outcomes import Outcome
from serving.protocol.errors import RequestError
from serving.protocol.feedback_body import Feedback, Refused, read_feedback
from serving.registry.table import Table
from serving.web.admission import Admission
from serving.web.asgi import (
    JSON,
    ClientLeft,
    Exchange,
    Headers,
    address_of,
    check_length,
    read_body,
    respond,
)
from serving.web.caller import Caller, read_caller
from serving.web.encoding import CONTENT_ENCODING, unpacked
from serving.web.guards import Guards

AT_ONCE_BYTES = 32 * 1024
"""Longer bodies are read in a thread."""
RETRY_AFTER = (b"retry-after", b"5")
NOT_YOURS = "there is no such prediction on the log, or its model is not yours to use"

Known = Callable[[Collection[str], Collection[str]], set[str]]
"""Those of some ids that are of logged predictions of some models; raises BucketError."""


class FeedbackDoor:
    """Takes what became of predictions. For one event loop.

    Args:
        commit: The outcomes' log.
        admission: Counts what is taken on.
        guards: Who is let in, and what refusals tell.
        known: Looks predictions up; called in a thread.
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
        known: Known,
        *,
        body_bytes: int,
        time_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counts = {"accepted": 0, "rejected": 0, "unwritten": 0}
        self._commit, self._admission, self._guards = commit, admission, guards or Guards()
        self._known, self._body_bytes, self._time_s, self._clock = known, body_bytes, time_s, clock

    async def answer(self, table: Table, http: Exchange, rejected: Callable[[str], None]) -> None:
        """Answer one request.

        Args:
            table: What the gateway answers with, for the gate.
            http: The request.
            rejected: Counts a request that is turned away as a whole, by its reason.
        """
        caller = read_caller(http.scope["headers"])
        try:
            models = await self._judged(table, http)
            with self._admission.request():
                status, answer, headers = await self._taken(caller, http, models)
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

    async def _judged(self, table: Table, http: Exchange) -> frozenset[str] | None:
        """Let somebody in; returns the models whose predictions they may judge, None for all there are."""
        if (gate := self._guards.gate) is None:
            return None
        headers = http.scope["headers"]
        await gate.admit(headers, "feedback", None, table, address_of(http.scope))
        return gate.judged(headers, table)

    async def _taken(
        self, caller: Caller, http: Exchange, models: frozenset[str] | None
    ) -> tuple[int, dict[str, Any], Headers]:
        body = await self._read(caller, http)
        is_quick = models is None and len(body) <= AT_ONCE_BYTES
        work = self._lines
        feedback, lines = work(body, models) if is_quick else await asyncio.to_thread(work, body, models)
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

    def _lines(self, body: bytes, models: frozenset[str] | None) -> tuple[Feedback, bytes]:
        feedback = read_feedback(body, self._clock())
        if models is not None:
            feedback = self._theirs(feedback, models)
        return feedback, b"".join(map(outcomes.encode, feedback.outcomes))

    def _theirs(self, feedback: Feedback, models: frozenset[str]) -> Feedback:
        """What is about predictions of these models, all else refused."""
        try:
            known = self._known([each.prediction_id for each in feedback.outcomes], models)
        except BucketError as error:
            sentence = "the prediction log cannot be read; send the feedback again later"
            raise RequestError(503, sentence, headers=(RETRY_AFTER,)) from error
        refused = {each.index for each in feedback.refused}
        places = (index for index in range(len(feedback.outcomes) + len(refused)) if index not in refused)
        kept: list[Outcome] = []
        strange: list[Refused] = []
        for index, each in zip(places, feedback.outcomes, strict=True):
            if each.prediction_id in known:
                kept.append(each)
            else:
                strange.append(Refused(index, each.prediction_id, NOT_YOURS))
        return Feedback(kept, sorted([*feedback.refused, *strange], key=lambda one: one.index))
