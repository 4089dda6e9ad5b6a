"""Answers from another process of Penstock's: a model server, or the process that a pyfunc runs in."""

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote

import orjson

from serving.logs import TRACEPARENT
from serving.model_server.frame import MEDIA_TYPE, TABLE_TYPE, FrameError, unpack
from serving.prediction_log.record import encode_part
from serving.protocol.errors import CODES, RequestError
from serving.protocol.media import Media
from serving.scorers.scorer import Kind, Remote, Scored, Table, Wants
from serving.upstream.connection import Answer
from serving.upstream.errors import UpstreamError

TIME_LEFT = b"x-penstock-time-left"
ARTEFACT = b"x-penstock-artefact"
REASON = b"x-penstock-reason"
"""Carries the reason of a refusal, which the gateway counts by."""

UNLOADABLE = "MODEL_CANNOT_BE_LOADED"
"""The code of a model server's refusal when the version itself is at fault."""

RETRY_AFTER = ((b"retry-after", b"1"),)

OWN_BYTES = 100_000
"""What a scorer takes here whose version lies elsewhere."""

MARGIN_S = 0.1
"""How much sooner the other process must give up, so that it is the one that says so."""

Ask = Callable[[bytes, bytes, bytes, float], Awaitable[Answer]]
"""Sends method and path, header lines and a body, within seconds; raises UpstreamError or TimeoutError."""


def invocations_path(model: str, version: str) -> str:
    """Where a model server answers for a version."""
    return f"/models/{quote(model, safe='')}/versions/{quote(version, safe='')}/invocations"


class ForwardingScorer:
    """One version behind another process.

    Args:
        model: The registered model's name.
        version: The version's number.
        artefact: What tells this artefact from another one under the same number.
        ask: Sends the request.
        columns: The inputs as pairs of name and type.
        kind: What answers there.
        fallback: Why it is not a plan, in a word.
        reason: The same as a sentence.
        size_bytes: The memory that is taken for it.
        let_go: Frees that.
    """

    def __init__(
        self,
        model: str,
        version: str,
        artefact: str,
        *,
        ask: Ask,
        columns: tuple[tuple[str, str], ...],
        kind: Kind,
        fallback: str = "",
        reason: str = "",
        size_bytes: int = 0,
        let_go: Callable[[], None] | None = None,
    ) -> None:
        self.size_bytes, self._let_go = size_bytes or OWN_BYTES, let_go
        self.kind, self.fallback, self.reason, self.columns = kind, fallback, reason, columns
        self._ask = ask
        self._line = f"POST {invocations_path(model, version)}".encode()
        self._head = b"accept: %b\r\n%b: %b\r\n" % (MEDIA_TYPE, ARTEFACT, artefact.encode())

    def close(self) -> None:
        """Free what is taken for it; it must not be asked any more."""
        if self._let_go is not None:
            self._let_go()

    def begin(self, body: bytes, media: Media) -> Remote:
        """Have the body answered there, as it is."""
        return Remote(partial(self._answer, body, media.header.encode("latin-1")))

    def begin_table(self, table: Table, wants: Wants) -> Remote:
        """Have rows answered there that a protocol has read."""
        rows = orjson.Fragment(encode_part(table.rows))
        body = orjson.dumps([table.columns, rows, wants.probabilities, wants.explanation, wants.params])
        return Remote(partial(self._answer, body, TABLE_TYPE))

    async def _answer(self, body: bytes, content_type: bytes, left_s: float) -> Scored:
        there_s = max(left_s - MARGIN_S, left_s / 2)
        head = b"%bcontent-type: %b\r\n%b: %.3f\r\ncontent-length: %d\r\n" % (
            self._head,
            content_type,
            TIME_LEFT,
            there_s,
            len(body),
        )
        if traceparent := TRACEPARENT.get():
            head += b"traceparent: %b\r\n" % traceparent
        try:
            answer = await self._ask(self._line, head, body, left_s)
            if answer.status == 200 and answer.headers.get(b"content-type") == MEDIA_TYPE:
                return unpack(answer.body)
        except UpstreamError as error:
            raise unanswered(error) from error
        except FrameError as error:
            raise RequestError(503, f"the model's server answered what cannot be read: {error}") from error
        raise refused(answer)


def unanswered(error: UpstreamError) -> RequestError:
    """What a caller is told when a server gave no answer."""
    sentence = f"the model's server did not answer: {error}; try again in a second"
    return RequestError(503, sentence, headers=RETRY_AFTER)


def refused(answer: Answer) -> RequestError:
    """A server's refusal, as the gateway's own: the same status, code and sentence."""
    status = answer.status if answer.status in PASSED_ON else 503
    try:
        table = orjson.loads(answer.body)
        sentence, code = str(table["message"]), str(table["error_code"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        sentence = f"the model's server answered {answer.status} without saying why"
        return RequestError(status, sentence, code=CODES.get(status, CODES[400]))
    again = answer.headers.get(b"retry-after")
    return RequestError(
        status,
        sentence,
        code=code,
        reason=answer.headers.get(REASON, b"").decode("latin-1"),
        headers=((b"retry-after", again),) if again else (),
    )


PASSED_ON = frozenset({400, 413, 415, 422, 500, 503, 504})
"""A server's statuses that are the caller's too; any other is a fault between gateway and server."""
