"""Answers from plain MLflow servers (`mlflow models serve`): bodies as they are, and rows for the log."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import orjson
from mlflow.models import Model

from serving.logs import TRACEPARENT
from serving.protocol.judge import Judge
from serving.protocol.media import JSON, Media
from serving.protocol.typed import TypedParser
from serving.protocol.v2 import mlflow_body
from serving.scorers.forwarding import OWN_BYTES, refused, unanswered
from serving.scorers.scorer import Kind, Remote, Scored, Table, Wants
from serving.upstream.connection import Answer
from serving.upstream.errors import UpstreamError

LINE = b"POST /invocations"
SMALL_BYTES = 64 * 1024
"""Bodies and answers beyond this are read for the log in a thread."""

WHOLE_BODY = ("request",)

Ask = Callable[[bytes, bytes, bytes, float], Awaitable[Answer]]


class MLflowUpstreamScorer:
    """One version behind servers of MLflow's.

    Args:
        ask: Sends a request.
        metadata: The version's; it names the columns.
        name: How the servers are called.
    """

    kind: Kind = "upstream"
    fallback = "forwarded"
    size_bytes = OWN_BYTES

    def __init__(self, ask: Ask, metadata: Model, *, name: str) -> None:
        self.reason = f"requests go to {name}"
        self._ask, self._judge = ask, Judge(metadata)
        self.columns = self._judge.columns
        self._names = tuple(column for column, _ in self.columns)
        self._parser = TypedParser(self.columns) if self.columns else None

    def begin(self, body: bytes, media: Media) -> Remote:
        """Have the body answered there, as it is."""
        return Remote(partial(self._answer, body, media))

    def begin_table(self, table: Table, wants: Wants) -> Remote:
        """Have rows answered there, as the body of MLflow's protocol that means the same."""
        return self.begin(mlflow_body.write(table, wants, self._judge.inputs), JSON)

    async def _answer(self, body: bytes, media: Media, left_s: float) -> Scored:
        head = b"content-type: %b\r\ncontent-length: %d\r\n" % (media.header.encode("latin-1"), len(body))
        if traceparent := TRACEPARENT.get():
            head += b"traceparent: %b\r\n" % traceparent
        try:
            answer = await self._ask(LINE, head, body, left_s)
        except UpstreamError as error:
            raise unanswered(error) from error
        if answer.status != 200:
            raise refused(answer)
        if len(body) + len(answer.body) > SMALL_BYTES:
            return await asyncio.to_thread(self._scored, body, media, answer)
        return self._scored(body, media, answer)

    def _scored(self, body: bytes, media: Media, answer: Answer) -> Scored:
        predictions = _predictions(answer.body)
        request = self._parser.parse(body) if self._parser is not None and media.kind == "json" else None
        headers = ((b"content-type", answer.headers.get(b"content-type", b"application/json")),)
        if request is None or not isinstance(predictions, list) or len(predictions) != len(request.rows):
            whole: Sequence[Sequence[object]] = [[body.decode(errors="replace")]]
            return Scored(answer.body, WHOLE_BODY, whole, [predictions], None, headers)
        return Scored(answer.body, self._names, request.rows, predictions, None, headers)


def _predictions(body: bytes) -> object:
    """What an answer predicts; the whole answer where it has no key `predictions`."""
    try:
        table = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            table = json.loads(body)  # MLflow writes NaN, which is no JSON
        except (ValueError, RecursionError):
            return body.decode(errors="replace")
    return table.get("predictions", table) if isinstance(table, dict) else table
