"""Idempotency keys: the same request is done once, another one is told so."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Request

from penstock.api import errors, once
from penstock.api.bodies import Bodies
from penstock.api.once import DoneOnce
from penstock.people.person import Person
from penstock.records.answers import KEPT_S, LEASE_S, AnswerStore
from serving.lifecycle.database import Database


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def app(tmp_path, clock, monkeypatch):
    app = FastAPI()
    errors.install(app)
    app.state.answers = AnswerStore(Database(f"sqlite:///{tmp_path}/p.db"), clock)
    app.state.done, app.state.pause, app.state.entered = 0, asyncio.Event(), asyncio.Event()
    app.state.pause.set()

    @app.post("/api/do")
    async def do(request: Request):
        app.state.entered.set()
        await app.state.pause.wait()
        app.state.done += 1
        wish = await request.json()
        if "fail" in wish:
            raise errors.refusal(409, "conflict", "not now")
        return {"count": app.state.done}

    async def someone(request):
        return Person(request.headers.get("who", "anna"))

    monkeypatch.setattr(once, "person_of", someone)
    app.add_middleware(DoneOnce, streamed=frozenset())
    app.add_middleware(Bodies, streamed=())
    return app


@pytest.fixture
def send(app):
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")

    async def sent(key="k", body=None, **headers):
        return await client.post("/api/do", json=body or {}, headers={"Idempotency-Key": key, **headers})

    return sent


def run(*sent):
    async def all_of_them():
        return [await each for each in sent]

    return asyncio.run(all_of_them())


def test_the_same_request_is_answered_as_before(send):
    first, second = run(send(), send())
    assert (first.json(), second.json()) == ({"count": 1}, {"count": 1})
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


def test_another_key_is_another_request(send):
    first, second = run(send("a"), send("b"))
    assert (first.json(), second.json()) == ({"count": 1}, {"count": 2})


def test_another_body_under_the_key_is_refused(send):
    _, second = run(send(), send(body={"a": 1}))
    assert second.status_code == 422
    assert second.json()["error"]["code"] == "idempotency_key_reused"


def test_another_person_has_their_own_keys(send):
    _, second = run(send(), send(who="bert"))
    assert second.json() == {"count": 2}


def test_what_was_refused_may_be_tried_again(send, app):
    first, second = run(send(body={"fail": 1}), send(body={"fail": 1}))
    assert (first.status_code, second.status_code, app.state.done) == (409, 409, 2)


def test_a_days_old_answer_is_forgotten(send, clock):
    run(send())
    clock.now_s += KEPT_S + 1
    (again,) = run(send())
    assert again.json() == {"count": 2}


@pytest.mark.parametrize("key", ["", "ü".encode(), "x" * 201, "a b"])
def test_what_is_no_key_is_refused(send, key, app):
    (answer,) = run(send(key))
    assert (answer.status_code, app.state.done) == (422, 0) if key else (200, 1)


def test_a_request_that_comes_twice_at_once_is_done_once(send, app):
    async def both():
        app.state.pause.clear()
        waiting = [asyncio.create_task(send()) for _ in range(3)]
        await asyncio.sleep(0.3)
        app.state.pause.set()
        return [await each for each in waiting]

    assert [each.json() for each in asyncio.run(both())] == [{"count": 1}] * 3


def test_one_that_takes_long_is_told_to_come_back(send, app, monkeypatch):
    monkeypatch.setattr(once, "WAIT_S", 0.1)

    async def both():
        app.state.pause.clear()
        first = asyncio.create_task(send())
        await asyncio.wait_for(app.state.entered.wait(), 30)
        second = await send()
        app.state.pause.set()
        return await first, second

    first, second = asyncio.run(both())
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.headers["retry-after"] == "2"


def test_a_request_whose_process_died_is_done_again(send, app, clock):
    app.state.answers.begin("anna", "k", "other process")
    clock.now_s += LEASE_S + 1
    app.state.answers.begin("anna", "k", "other process")
    app.state.answers.forget("anna", "k")
    (answer,) = run(send())
    assert answer.json() == {"count": 1}
