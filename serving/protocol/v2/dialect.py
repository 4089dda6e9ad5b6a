"""V2 as a dialect of the hot path: tensors become a table, the scorer's answer becomes tensors."""

import asyncio
import json
import time
from dataclasses import dataclass
from functools import partial

import orjson

from serving.protocol.dialect import Asked
from serving.protocol.errors import RequestError
from serving.protocol.v2 import answer, outputs
from serving.protocol.v2.request import HEADER_LENGTH, Request, parse
from serving.protocol.v2.rows import to_table
from serving.scorers.scorer import Begun, Remote, Scored, Scorer, Wants, opened, then

SMALL_BYTES = 32 * 1024
"""Reading this many bytes of JSON tensors takes about 0.3 ms."""


@dataclass(frozen=True, slots=True)
class V2:
    """The Open Inference Protocol for one called name: `POST /v2/models/{name}[/versions/{version}]/infer`.

    Attributes:
        name: The name that was called.
        wanted: The version that must answer; None where the route decides.
    """

    name: str
    wanted: str | None = None

    def begin(self, scorer: Scorer, asked: Asked, version: str) -> Begun:
        """Answer at once, or return the work that does."""
        if len(asked.body) <= SMALL_BYTES:
            return self._begun(scorer, asked, version)
        if scorer.kind == "plan":
            return partial(self._whole, scorer, asked, version)
        return Remote(partial(self._elsewhere, scorer, asked, version))

    def refusal(self, error: RequestError) -> bytes:
        """The error in the shape of V2's."""
        return orjson.dumps({"error": str(error)})

    def _whole(self, scorer: Scorer, asked: Asked, version: str) -> Scored:
        begun = self._begun(scorer, asked, version)
        if isinstance(begun, Remote):
            raise TypeError("a plan answers in its own process")
        return begun if isinstance(begun, Scored) else begun()

    async def _elsewhere(self, scorer: Scorer, asked: Asked, version: str, left_s: float) -> Scored:
        """Read a long body in a thread, then have it answered where the scorer says."""
        started = time.perf_counter()
        begun = await asyncio.to_thread(self._begun, scorer, asked, version)
        if isinstance(begun, Scored):
            return begun
        left_s -= time.perf_counter() - started
        if isinstance(begun, Remote):
            return await begun.answer(left_s)
        return await asyncio.wait_for(asyncio.to_thread(begun), left_s)

    def _begun(self, scorer: Scorer, asked: Asked, version: str) -> Begun:
        request = parse(asked.body, asked.headers.get(HEADER_LENGTH))
        table = to_table(request.tensors, scorer.columns)
        wants = Wants(request.wants(outputs.PROBABILITIES), request.explain, request.params)
        return then(scorer.begin_table(table, wants), partial(self._answered, request, version))

    def _answered(self, request: Request, version: str, scored: Scored) -> Scored:
        # What a model's own code answers is what its JSON says; a plan leaves the body to the protocol.
        found = (
            outputs.of_answer(_loads(scored.body))
            if scored.body
            else outputs.of_plan(opened(scored.predictions), opened(scored.probabilities))
        )
        body, headers = answer.write(self.name, version, request, found)
        return Scored(
            body,
            scored.columns,
            scored.rows,
            scored.predictions,
            scored.probabilities,
            headers,
            scored.sent_rows,
        )


def _loads(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # MLflow writes NaN
        return json.loads(body)
