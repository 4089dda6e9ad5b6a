"""What the gateway makes of the answers of other servers."""

import asyncio
import json
from typing import Any

import pytest
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, Schema

from serving.model_server.frame import MEDIA_TYPE, pack
from serving.protocol.errors import RequestError
from serving.protocol.media import JSON, media_of
from serving.scorers.forwarding import ForwardingScorer
from serving.scorers.mlflow_upstream import MLflowUpstreamScorer
from serving.scorers.scorer import Scored
from serving.upstream.connection import Answer
from serving.upstream.errors import Lost

BODY = b'{"dataframe_records": [{"a": 1, "b": "x"}, {"a": null, "b": "y"}]}'
METADATA = Model(
    signature=ModelSignature(
        Schema([ColSpec("double", "a", required=False), ColSpec("string", "b", required=False)])
    )
)


class Server:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer
        self.asked: tuple[bytes, bytes, bytes, float] | None = None

    async def __call__(self, line: bytes, head: bytes, body: bytes, left_s: float) -> Answer:
        self.asked = line, head, body, left_s
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def json_answer(status: int, value: object, **headers: str) -> Answer:
    found = {b"content-type": b"application/json"} | {k.encode(): v.encode() for k, v in headers.items()}
    return Answer(status, found, json.dumps(value).encode())


def forwarded(answer: Answer | Exception, media: Any = JSON) -> tuple[Scored, Server]:
    server = Server(answer)
    scorer = ForwardingScorer("a b", "1", "1-x", ask=server, columns=(), kind="upstream")
    return asyncio.run(scorer.begin(BODY, media).answer(2.0)), server  # type: ignore[arg-type]


def by_mlflow(answer: Answer, body: bytes = BODY, media: Any = JSON) -> Scored:
    scorer = MLflowUpstreamScorer(Server(answer), METADATA, name="there")
    return asyncio.run(scorer.begin(body, media).answer(2.0))  # type: ignore[arg-type]


def test_a_request_names_version_artefact_and_time_left() -> None:
    frame = pack(Scored(b"{}", ("a",), [[1]], ["x"], None))
    _, server = forwarded(Answer(200, {b"content-type": MEDIA_TYPE}, frame))
    assert server.asked is not None
    line, head, body, _ = server.asked
    assert line == b"POST /models/a%20b/versions/1/invocations"
    assert set(head.split(b"\r\n")) >= {
        b"x-penstock-artefact: 1-x",
        b"x-penstock-time-left: 1.900",
        b"content-type: application/json",
        b"content-length: %d" % len(BODY),
    }
    assert body == BODY


@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        (
            json_answer(400, {"error_code": "X", "message": "column 'a' is missing"}),
            400,
            "column 'a' is missing",
        ),
        (json_answer(404, {"error_code": "X", "message": "no such version"}), 503, "no such version"),
        (json_answer(500, {"error_code": "X", "message": "it failed"}), 500, "it failed"),
        (json_answer(502, "gone"), 503, "the model's server answered 502 without saying why"),
        (json_answer(200, {}), 503, "the model's server answered 200 without saying why"),
        (
            Answer(200, {b"content-type": MEDIA_TYPE}, b"PSC1"),
            503,
            "the model's server answered what cannot be read",
        ),
        (Lost("it ended"), 503, "the model's server did not answer: it ended; try again in a second"),
    ],
)
def test_what_is_no_answer_is_told(answer: Answer | Exception, status: int, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence) as caught:
        forwarded(answer)
    assert caught.value.status == status


def test_the_reason_and_the_time_to_come_again_are_passed_on() -> None:
    refusal = {"error_code": "X", "message": "busy"}
    with pytest.raises(RequestError) as caught:
        forwarded(json_answer(503, refusal, **{"retry-after": "3", "x-penstock-reason": "model_raised"}))
    assert (caught.value.reason, caught.value.headers) == ("model_raised", ((b"retry-after", b"3"),))


def test_mlflows_body_is_passed_on_as_it_is_and_logged_by_row() -> None:
    scored = by_mlflow(Answer(200, {b"content-type": b"application/json"}, b'{"predictions": [1.5, NaN]}'))
    assert scored.body == b'{"predictions": [1.5, NaN]}'
    assert (scored.columns, scored.rows) == (("a", "b"), [(1, "x"), (None, "y")])
    assert str(scored.predictions) == "[1.5, nan]"


@pytest.mark.parametrize(
    ("body", "media", "answer", "prediction"),
    [
        (b"a,b\n1,x\n", "text/csv", b'{"predictions": [1]}', [1]),
        (BODY, "application/json", b'{"predictions": {"mean": 2}}', {"mean": 2}),
        (BODY, "application/json", b'{"choices": []}', {"choices": []}),
        (BODY, "application/json", b"plain", "plain"),
    ],
    ids=["a body that is no JSON", "one prediction for all rows", "no predictions", "no JSON"],
)
def test_what_has_no_rows_is_logged_as_the_whole_body(
    body: bytes, media: str, answer: bytes, prediction: object
) -> None:
    scored = by_mlflow(Answer(200, {}, answer), body, media_of(media.encode()))
    assert (scored.columns, scored.rows, scored.predictions) == (
        ("request",),
        [[body.decode()]],
        [prediction],
    )


def test_a_large_answer_is_read_for_the_log_in_a_thread() -> None:
    rows = json.dumps({"dataframe_records": [{"a": 1, "b": "x"}] * 5000}).encode()
    scored = by_mlflow(Answer(200, {}, json.dumps({"predictions": [1] * 5000}).encode()), rows)
    assert scored.count == 5000
