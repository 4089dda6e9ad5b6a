"""Bodies: only sound JSON within bounds comes through."""

import json

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from penstock.api import errors
from penstock.api.bodies import DEEPEST, MOST_BYTES, Bodies


@pytest.fixture
def client():
    app = FastAPI()
    errors.install(app)

    @app.post("/api/echo")
    async def echo(request: Request):
        return await request.json()

    @app.post("/api/stream")
    async def stream(request: Request):
        return len(await request.body())

    app.add_middleware(Bodies, streamed={"/api/stream"})
    return TestClient(app)


def refused(answer):
    return answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["message"]


def nested(levels):
    return json.loads("[" * levels + "]" * levels)


def test_json_comes_through(client):
    assert client.post("/api/echo", json={"a": [1, "ü"]}).json() == {"a": [1, "ü"]}


def test_other_kinds_are_refused_by_name(client):
    answer = client.post("/api/echo", content="a=1", headers={"Content-Type": "text/csv"})
    told = "the content type 'application/json' was wanted, not 'text/csv'; send JSON and say so"
    assert refused(answer) == (415, "wrong_content_type", told)


def test_a_body_without_a_kind_is_refused(client):
    assert refused(client.post("/api/echo", content=b"{}"))[0] == 415


def test_a_packed_body_is_refused(client):
    answer = client.post("/api/echo", content=b"{}", headers={"Content-Encoding": "gzip"})
    assert refused(answer)[2] == "the body came packed ('gzip'); send it as it is"


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b'{"a": "\\ud800"}', b"\xff", b"{'a': 1}"])
def test_broken_json_is_told_with_its_place(client, body):
    answer = client.post("/api/echo", content=body, headers={"Content-Type": "application/json"})
    status, code, message = refused(answer)
    assert (status, code) == (400, "bad_json")
    assert message.startswith("the body is no JSON (line 1, column ")


def test_a_large_body_is_refused_by_its_announcement(client):
    answer = client.post("/api/echo", json="x" * MOST_BYTES)
    assert refused(answer) == (413, "too_large", "the body is larger than 1 MB; send less at once")


def test_a_large_body_is_refused_without_one(client):
    pieces = (b"x" * 100_000 for _ in range(11))
    answer = client.post("/api/echo", content=pieces, headers={"Content-Type": "application/json"})
    assert refused(answer)[0] == 413


def test_depth_is_bounded(client):
    assert client.post("/api/echo", json=nested(DEEPEST)).status_code == 200
    told = f"the body is nested deeper than {DEEPEST} levels; send a flatter one"
    assert refused(client.post("/api/echo", json=nested(DEEPEST + 1))) == (422, "bad_request", told)


def test_many_flat_objects_are_no_depth(client):
    assert client.post("/api/echo", json=[{"a": []}] * 500).status_code == 200


@pytest.mark.parametrize("body", [{"a": "b\0"}, {"b\0": 1}, [["\0"]]])
def test_nul_is_refused_in_values_and_names(client, body):
    assert refused(client.post("/api/echo", json=body))[0] == 422


def test_a_backslash_before_u0000_is_no_nul(client):
    assert client.post("/api/echo", json={"a": "\\u0000"}).json() == {"a": "\\u0000"}


def test_streamed_paths_read_their_own(client):
    assert client.post("/api/stream", content=b"x" * 2 * MOST_BYTES).json() == 2 * MOST_BYTES
