"""A gateway that forwards: to Penstock's model servers, and to MLflow's."""

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.gateway import FLUSH_EVERY_S
from serving.prediction_log.read import read
from tests.service import foreign_models as foreign
from tests.service.gateway_fixtures import BODY, JSON, Gateway, Load, read_answer, run_gateway
from tests.service.gateway_models import register
from tests.service.server_fixtures import Server, run_mlflow_serve, run_model_server

PLAN, PYFUNC, TAGGED = "forwarded-plan", "forwarded-pyfunc", "forwarded-tagged"


@dataclass
class Scene:
    gateway: Gateway
    servers: list[Server]
    uri: str


@pytest.fixture(scope="module")
def scene(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Scene]:
    uri, folder = mlflow_server.uri, tmp_path_factory.mktemp("forwarding")
    client = MlflowClient(uri)
    for name, with_plan in ((PLAN, True), (PYFUNC, False), (TAGGED, False)):
        version = register(uri, name, label="yes", with_plan=with_plan)
        client.transition_model_version_stage(name, version, "Production")
    with ExitStack() as stack:
        # The first shares the gateway's folder; the second has one of its own, as on another machine.
        servers = [
            stack.enter_context(run_model_server(uri, where, free_port()))
            for where in (folder / "gateway", folder / "elsewhere")
        ]
        plain = stack.enter_context(run_mlflow_serve(uri, f"models:/{TAGGED}/1", free_port(), folder))
        client.set_registered_model_tag(TAGGED, "penstock.upstream", plain.url)
        upstreams = ",".join(server.url for server in servers)
        gateway = stack.enter_context(
            run_gateway(uri, folder / "gateway", free_port(), upstreams=upstreams, log_segment_s=2)
        )
        for name in (PLAN, PYFUNC, TAGGED):
            gateway.wait_for(name)
        yield Scene(gateway, servers, uri)


def call(server: Server, method: str, path: str, body: bytes | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=180)
    try:
        connection.request(method, path, body, JSON)
        return read_answer(connection)
    finally:
        connection.close()


@pytest.mark.parametrize("name", [PLAN, PYFUNC, TAGGED])
def test_a_forwarded_answer_is_the_models_own(scene: Scene, name: str) -> None:
    answer = scene.gateway.predict(name)
    assert (answer.status, answer.json()) == (200, {"predictions": ["yes"]})
    assert scene.gateway.metric("penstock_model_loaded", model=name, scorer="upstream") == 1


def test_probabilities_come_when_asked_for(scene: Scene) -> None:
    asked = json.loads(BODY) | {"params": {"probabilities": True}}
    answer = scene.gateway.predict(PLAN, json.dumps(asked).encode()).json()
    assert list(answer) == ["predictions", "probabilities"]
    assert sum(answer["probabilities"][0]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", [PLAN, PYFUNC, TAGGED])
def test_a_bad_body_is_refused_with_the_models_own_status(scene: Scene, name: str) -> None:
    answer = scene.gateway.predict(name, b'{"dataframe_records": [{"length": 1}]}')
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("name", [PLAN, PYFUNC, TAGGED])
def test_a_forwarded_prediction_is_logged_with_its_rows(scene: Scene, name: str) -> None:
    prediction_id = scene.gateway.predict(name).headers["x-prediction-id"]
    table = read(scene.gateway.var_dir / "predictions", model=name)
    [row] = [row for row in table.to_pylist() if row["prediction_id"] == prediction_id]
    assert row["prediction"] == "yes"
    assert row["features"] == {"length": 1.5, "width": -0.25}
    assert (row["probabilities"] is None) == (name != PLAN)


def test_every_row_counts_as_a_prediction(scene: Scene) -> None:
    time.sleep(10 * FLUSH_EVERY_S)  # what the tests before have predicted is counted too
    before = scene.gateway.metric("penstock_predictions_total", model=PLAN)
    rows = json.loads(BODY)["dataframe_records"] * 7
    scene.gateway.predict(PLAN, json.dumps({"dataframe_records": rows}).encode())
    scene.gateway.wait_until(
        lambda: scene.gateway.metric("penstock_predictions_total", model=PLAN) == before + 7
    )


def test_a_model_server_answers_mlflows_protocol_by_itself(scene: Scene) -> None:
    for server in scene.servers:
        answer = call(server, "POST", f"/models/{PLAN}/versions/1/invocations", BODY)
        assert (answer.status, answer.json()) == (200, {"predictions": ["yes"]})


def test_a_model_server_heeds_its_own_setting_not_what_mlflow_was_told(
    scene: Scene, free_port: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/another.db")
    with run_model_server(scene.uri, tmp_path, free_port()) as server:
        answer = call(server, "POST", f"/models/{PLAN}/versions/1/invocations", BODY)
    assert (answer.status, answer.json()) == (200, {"predictions": ["yes"]})


def test_a_model_server_tells_how_a_version_is_scored(scene: Scene) -> None:
    facts = call(scene.servers[1], "GET", f"/models/{PYFUNC}/versions/1").json()
    assert (facts["scorer"], facts["fallback"]) == ("pyfunc", "no_plan")
    assert facts["schema"][0] == {"name": "length", "type": "double"}


def test_an_unknown_version_is_404(scene: Scene) -> None:
    answer = call(scene.servers[1], "POST", f"/models/{PLAN}/versions/9/invocations", BODY)
    assert (answer.status, answer.json()["message"]) == (
        404,
        f"there is no version 9 of a model '{PLAN}'",
    )


def test_a_crash_in_a_model_server_fails_its_own_request_alone(scene: Scene) -> None:
    foreign.register_moody(scene.uri, "forwarded-moody")
    scene.gateway.wait_until(
        lambda: scene.gateway.predict("forwarded-moody", foreign.body(foreign.WELL)).status == 200, 60
    )
    assert scene.gateway.predict("forwarded-moody", foreign.body(foreign.EXITS)).status == 503
    assert scene.gateway.predict(PLAN).status == 200
    assert [server.process.poll() for server in scene.servers] == [None, None]


def test_a_replica_that_leaves_under_load_loses_no_request(
    scene: Scene, free_port: Any, tmp_path: Path
) -> None:
    with replicas(scene, free_port, tmp_path) as (gateway, servers):
        with Load(gateway, PLAN) as load:
            load.wait_for(200)
            servers[0].process.terminate()
            servers[0].process.wait(120)
            load.wait_for(len(load.answers) + 200)
        assert load.failures == []
        assert len(load.answers) > 300


def test_a_replica_that_is_killed_under_load_fails_what_it_was_answering_and_no_more(
    scene: Scene, free_port: Any, tmp_path: Path
) -> None:
    with replicas(scene, free_port, tmp_path) as (gateway, servers):
        with Load(gateway, PLAN, clients=4) as load:
            load.wait_for(200)
            os.kill(servers[0].process.pid, signal.SIGKILL)
            load.wait_for(len(load.answers) + 300)
        assert len(load.failures) <= 4
        assert all("503" in failure for failure in load.failures)
        name = f"127.0.0.1:{servers[0].port}"
        gateway.wait_until(lambda: gateway.metric("penstock_upstream_down", upstream=name) == 1)
        with run_model_server(scene.uri, tmp_path / "a", servers[0].port):
            gateway.wait_until(lambda: gateway.metric("penstock_upstream_down", upstream=name) == 0)


def test_without_any_model_server_requests_get_503_and_then_answers_again(
    scene: Scene, free_port: Any, tmp_path: Path
) -> None:
    port = free_port()
    upstreams = f"http://127.0.0.1:{port}"
    with run_gateway(scene.uri, tmp_path / "gateway", free_port(), upstreams=upstreams) as gateway:
        gateway.wait_until(lambda: "upstream" in str(gateway.call("GET", f"/models/{PLAN}").json()))
        answer = gateway.predict(PLAN)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "the model's server did not answer" in answer.json()["message"]
        with run_model_server(scene.uri, tmp_path / "a", port):
            gateway.wait_for(PLAN)


class replicas:  # noqa: N801 - read as a function: `with replicas(...)`
    """A gateway over two model servers of its own, each with a folder of its own."""

    def __init__(self, scene: Scene, free_port: Any, folder: Path) -> None:
        self._scene, self._free_port, self._folder = scene, free_port, folder
        self._stack = ExitStack()

    def __enter__(self) -> tuple[Gateway, list[Server]]:
        uri = self._scene.uri
        servers = [
            self._stack.enter_context(run_model_server(uri, self._folder / name, self._free_port()))
            for name in ("a", "b")
        ]
        upstreams = ",".join(server.url for server in servers)
        folder = self._folder / "gateway"
        gateway = self._stack.enter_context(run_gateway(uri, folder, self._free_port(), upstreams=upstreams))
        gateway.wait_for(PLAN)
        return gateway, servers

    def __exit__(self, *_: object) -> None:
        self._stack.close()
