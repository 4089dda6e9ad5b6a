"""Over real HTTP, a gateway answers every kind of signature as MLflow's own scoring server does."""

import http.client
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import mlflow.pyfunc.scoring_server
import pytest
import uvicorn

from tests.contract import echo_models
from tests.service.gateway_fixtures import Gateway, run_gateway

CASES = echo_models.cases()


@contextmanager
def scoring_server(app: Any) -> Iterator[int]:
    """MLflow's application, served as `mlflow models serve` does; gives its port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def models(mlflow_server: Any) -> dict[str, str]:
    return echo_models.register(mlflow_server.uri)


@pytest.fixture(scope="module")
def oracles(models: dict[str, str]) -> Iterator[dict[str, int]]:
    """The port of each model's own MLflow server."""
    logging.disable(logging.ERROR)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                scoring_server(mlflow.pyfunc.scoring_server.init(mlflow.pyfunc.load_model(uri)))
            )
            for name, uri in models.items()
        }
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def gateway(
    mlflow_server: Any, models: dict[str, str], free_port: Any, tmp_path_factory: Any
) -> Iterator[Gateway]:
    with run_gateway(mlflow_server.uri, tmp_path_factory.mktemp("echo"), free_port()) as running:
        for name in models:
            path = f"/v2/models/{name}/infer"
            # A model that is not loaded yet, or not known yet, is loaded when it is first asked.
            running.wait_until(lambda path=path: running.call("POST", path, b"{}").status == 400, 90)
        yield running


def asked(port: int, path: str, media: str, body: bytes) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, {"Content-Type": media})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if answer.status == 200 else None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # pandas warns of some odd bodies
@pytest.mark.parametrize(
    ("name", "media", "body"), CASES, ids=[f"{place}-{case[0]}" for place, case in enumerate(CASES)]
)
def test_the_gateway_answers_as_mlflow_does(
    gateway: Gateway, oracles: dict[str, int], name: str, media: str, body: bytes
) -> None:
    theirs = asked(oracles[name], "/invocations", media, body)
    ours = asked(gateway.port, f"/models/{name}/invocations", media, body)
    # Where MLflow's server crashes with a 500, the client's fault is answered as such.
    wanted = (400, None) if theirs[0] == 500 else theirs
    assert (ours[0], json.dumps(ours[1])) == (wanted[0], json.dumps(wanted[1])), body[:300]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "request_v2", "body"), echo_models.same(), ids=[word for word, _, _ in echo_models.same()]
)
def test_v2_means_what_mlflows_protocol_means(
    gateway: Gateway, oracles: dict[str, int], word: str, request_v2: Any, body: Any
) -> None:
    media = "application/json"
    status, theirs = asked(oracles[f"echo-{word}"], "/invocations", media, json.dumps(body).encode())
    path, sent = f"/v2/models/echo-{word}/infer", json.dumps(request_v2).encode()
    ours = gateway.call("POST", path, sent).json()
    predictions = theirs["predictions"] if theirs else None
    wanted = predictions if isinstance(predictions, dict) else {"predict": predictions}
    assert (status, ours.get("error")) == (200, None)
    assert {output["name"]: output["data"] for output in ours["outputs"]} == wanted
