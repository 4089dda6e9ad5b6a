"""Requests that wait for a version whose rows are independent share a call; each gets its own answer."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.service.foreign_models import register_pyfunc
from tests.service.gateway_fixtures import JSON, Answer, Gateway, run_gateway

SHARING, ALONE = "sharing", "not-sharing"
POISON = -1.0
CLIENTS = 12


def slow(model_input):
    """Answer each row's length and how many rows the call had; one row makes it fail."""
    import time

    time.sleep(0.05)
    if (model_input["length"] == -1).any():
        raise ValueError("poison")
    return [f"{length:g} of {len(model_input)}" for length in model_input["length"]]


def body(*lengths: float, **more: object) -> bytes:
    return json.dumps(
        {"dataframe_records": [{"length": each, "width": 0} for each in lengths]} | more
    ).encode()


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    register_pyfunc(mlflow_server.uri, SHARING, slow, metadata={"penstock.batch_rows": 8})
    register_pyfunc(mlflow_server.uri, ALONE, slow)
    folder = tmp_path_factory.mktemp("sharing")
    with run_gateway(mlflow_server.uri, folder, free_port(), gateway_workers=2) as running:
        for name in (SHARING, ALONE):
            running.wait_until(lambda name=name: running.predict(name, body(1)).status == 200)
        yield running


def at_once(gateway: Gateway, name: str, bodies: list[bytes]) -> list[Answer]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(lambda each: gateway.predict(name, each), bodies))


def said(answer: Answer) -> list[tuple[float, int]]:
    pairs = [text.split(" of ") for text in answer.json()["predictions"]]
    return [(float(length), int(rows)) for length, rows in pairs]


def test_an_idle_version_answers_alone(gateway: Gateway) -> None:
    assert said(gateway.predict(SHARING, body(7))) == [(7.0, 1)]


def test_waiting_requests_share_calls_and_each_gets_its_own_rows(gateway: Gateway) -> None:
    found = at_once(gateway, SHARING, [body(at, at + 0.5) for at in range(CLIENTS)])
    answers = [said(answer) for answer in found]
    assert [[length for length, _ in answer] for answer in answers] == [
        [at, at + 0.5] for at in range(CLIENTS)
    ]
    assert 2 < max(rows for answer in answers for _, rows in answer) <= 8


def test_a_version_that_says_nothing_answers_each_alone(gateway: Gateway) -> None:
    found = at_once(gateway, ALONE, [body(at) for at in range(CLIENTS)])
    assert {rows for answer in found for _, rows in said(answer)} == {1}


def test_a_request_that_makes_the_model_fail_fails_alone(gateway: Gateway) -> None:
    lengths = [POISON if at in (3, 7) else float(at) for at in range(CLIENTS)]
    found = at_once(gateway, SHARING, [body(length) for length in lengths])
    assert [answer.status for answer in found] == [400 if length == POISON else 200 for length in lengths]
    assert [said(answer)[0][0] for answer in found if answer.status == 200] == [
        length for length in lengths if length != POISON
    ]


def test_a_caller_that_hangs_up_leaves_the_others_their_answers(gateway: Gateway) -> None:
    left = [gateway.connect() for _ in range(4)]
    for connection in left:
        connection.request("POST", f"/models/{SHARING}/invocations", body(1), JSON)
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(gateway.predict, SHARING, body(at)) for at in range(CLIENTS)]
        for connection in left:
            connection.close()
        assert [said(each.result())[0][0] for each in asked] == list(range(CLIENTS))


def test_a_request_with_parameters_goes_alone(gateway: Gateway) -> None:
    bodies = [body(at, params={"probabilities": False}) for at in range(4)]
    assert {said(answer)[0][1] for answer in at_once(gateway, SHARING, bodies)} == {1}


def test_the_other_protocol_shares_calls_too(gateway: Gateway) -> None:
    tensors = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [2.0]} for name in ("length", "width")
    ]
    asked = json.dumps({"inputs": tensors}).encode()
    with ThreadPoolExecutor(CLIENTS) as pool:
        path = f"/v2/models/{SHARING}/infer"
        found = list(pool.map(lambda _: gateway.call("POST", path, asked, JSON), range(CLIENTS)))
    told = [answer.json()["outputs"][0]["data"][0] for answer in found]
    assert {text.split(" of ")[0] for text in told} == {"2"}
    assert max(int(text.split(" of ")[1]) for text in told) > 1


def test_shared_calls_are_counted(gateway: Gateway) -> None:
    at_once(gateway, SHARING, [body(at) for at in range(CLIENTS)])

    def counted(what: str) -> float:
        return gateway.metric(f"penstock_batched_{what}_total", model=SHARING, version="1")

    gateway.wait_until(lambda: 0 < counted("calls") < counted("requests"))
    assert gateway.metric("penstock_batched_calls_total", model=ALONE) == 0


def test_every_request_has_its_own_record(gateway: Gateway) -> None:
    found = at_once(gateway, SHARING, [body(at) for at in range(CLIENTS)])
    assert len({answer.headers["x-prediction-id"] for answer in found}) == CLIENTS
