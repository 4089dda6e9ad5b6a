"""ETags and conditions."""

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.testclient import TestClient

from penstock.api import errors
from penstock.api.matching import Matching
from penstock.problems import NotAllowed, NotFound

PIECES = 1000


def pieces(drawn):
    for each in range(PIECES):
        drawn.append(each)
        yield b"{}\n"


@pytest.fixture
def drawn():
    return []


@pytest.fixture
def client(drawn):
    app, kept = FastAPI(), {"text": "old"}
    errors.install(app)

    @app.get("/api/thing")
    def get():
        return kept

    @app.put("/api/thing")
    def put(text: str):
        kept["text"] = text
        return kept

    @app.get("/api/closed")
    def closed():
        raise NotAllowed("ask ada to share it")

    @app.put("/api/closed")
    @app.put("/api/gone")
    def written():
        kept["text"] = "written"
        return kept

    @app.get("/api/gone")
    def gone():
        raise NotFound("there is none")

    @app.delete("/api/blind")
    def blind():
        return {}

    @app.get("/api/long/{kind}")
    def long(kind: str):
        return StreamingResponse(pieces(drawn), media_type=f"application/{kind}")

    app.add_middleware(Matching)
    return TestClient(app)


def test_what_is_read_has_a_tag_that_changes_with_it(client):
    first = client.get("/api/thing").headers["etag"]
    assert client.get("/api/thing").headers["etag"] == first
    client.put("/api/thing?text=new")
    assert client.get("/api/thing").headers["etag"] != first


def test_what_the_caller_has_is_not_sent_again(client):
    tag = client.get("/api/thing").headers["etag"]
    again = client.get("/api/thing", headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_write_with_the_right_tag_is_done(client):
    tag = client.get("/api/thing").headers["etag"]
    assert client.put("/api/thing?text=new", headers={"If-Match": tag}).json() == {"text": "new"}


def test_a_write_with_an_old_tag_is_refused(client):
    tag = client.get("/api/thing").headers["etag"]
    client.put("/api/thing?text=new")
    answer = client.put("/api/thing?text=mine", headers={"If-Match": tag})
    assert answer.status_code == 412
    told = "'/api/thing' is not what you have seen; get it again, and then decide anew"
    assert answer.json()["error"]["message"] == told
    assert client.get("/api/thing").json() == {"text": "new"}


def test_any_tag_will_do_for_a_star(client):
    assert client.put("/api/thing?text=new", headers={"If-Match": "*"}).status_code == 200


def test_errors_have_no_tag(client):
    assert "etag" not in client.get("/api/other").headers


def test_what_may_not_be_looked_at_may_not_be_written_under_a_condition(client):
    answer = client.put("/api/closed", headers={"If-Match": '"x"'})
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "ask ada to share it")
    assert client.get("/api/thing").json() == {"text": "old"}


def test_what_is_gone_is_not_what_the_caller_has_seen(client):
    assert client.put("/api/gone", headers={"If-Match": '"x"'}).status_code == 412
    assert client.put("/api/gone", headers={"If-Match": "*"}).status_code == 412
    assert client.get("/api/thing").json() == {"text": "old"}


@pytest.mark.parametrize("kind", ["octet-stream", "x-ndjson", "json"])
def test_a_look_at_what_comes_in_pieces_is_broken_off(client, drawn, kind):
    answer = client.delete(f"/api/long/{kind}", headers={"If-Match": "*"})
    assert answer.status_code == 405
    assert len(drawn) < PIECES / 10
