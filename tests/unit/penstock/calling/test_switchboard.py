"""A request is drawn once: whoever the gateway draws answers, with probabilities or without."""

import asyncio
import random
import threading
from types import SimpleNamespace

import orjson
import pytest

from penstock.calling import switchboard
from penstock.calling.asked import Asked
from penstock.calling.switchboard import Switchboard
from penstock.calling.ways import Way
from penstock.people.person import Person

ANA = Person("ana", is_admin=True)


class Drawing:
    """A gateway that draws a side for every request; `b` has no probabilities."""

    def __init__(self):
        self.draw, self.calls = random.Random(1), []

    async def exchange(self, path, body, headers):
        side, wanted = self.draw.choice(["a", "b"]), orjson.loads(body).get("params", {}).get("probabilities")
        self.calls.append(side)
        if side == "b" and wanted is True:
            return SimpleNamespace(status=400, headers={}, body=b'{"error_code": "BAD_REQUEST"}')
        told = {"predictions": [1]} | ({"probabilities": [[0, 1]]} if side == "a" and wanted else {})
        named = {b"x-penstock-variant": side.encode(), b"x-penstock-version": b"1", b"x-prediction-id": b"p"}
        return SimpleNamespace(status=200, headers=named, body=orjson.dumps(told))


@pytest.fixture
def gateway(monkeypatch):
    way = Way("t", b"/x", (), {b"a": "m", b"b": "m"})
    monkeypatch.setattr(switchboard, "find_way", lambda *_, **__: way)
    return Drawing()


def predicted(gateway, times):
    async def ask():
        board = Switchboard(None, gateway)
        return [await board.predict(ANA, Asked("t", True, [{"a": 1}])) for _ in range(times)]

    return asyncio.run(ask())


def test_the_shares_of_a_route_stay_where_one_side_has_no_probabilities(gateway):
    sides = [each.variant for each in predicted(gateway, 100)]
    assert sides == gateway.calls


def test_whoever_has_probabilities_tells_them(gateway):
    told = {each.variant: each.prediction_proba for each in predicted(gateway, 20)}
    assert told == {"a": [[0, 1]], "b": None}


def test_a_name_is_forgotten_by_another_thread_while_ways_are_found():
    board, is_over = Switchboard(None, None), threading.Event()

    def hold():
        count = 0
        while not is_over.is_set():
            count += 1
            board._hold((count,), Way(str(count), b"/x", (), {}))

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        for _ in range(500):
            board.forget("x")
    finally:
        is_over.set()
        holding.join()
