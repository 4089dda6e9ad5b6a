"""Traffic through a real gateway: fallback, testers' choice, routes set by the command, canaries, shadows."""

import json
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import BODY, REPO, Gateway, Load, run_gateway
from tests.service.gateway_models import COLUMNS, register

ROUTE = "penstock.route"
LIMIT_S = 3.0


@pytest.fixture(scope="module")
def client(mlflow_server: Any) -> MlflowClient:
    return MlflowClient(mlflow_server.uri)


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    folder, port = tmp_path_factory.mktemp("traffic"), free_port()
    limits = {"gateway_time_limit_s": LIMIT_S, "gateway_workers": 2}
    with run_gateway(mlflow_server.uri, folder, port, **limits) as running:
        yield running


@pytest.fixture
def model(request: Any, mlflow_server: Any, client: MlflowClient, gateway: Gateway) -> str:
    """A model of this test alone: version 1 in Production and answering `one`."""
    name = request.node.name.replace("test_", "")[:40]
    register(mlflow_server.uri, name, label="one")
    move(client, name, "1", "Production")
    gateway.wait_for(name)
    return name


def move(client: MlflowClient, name: str, version: str, stage: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage(name, version, stage)


def register_pyfunc(uri: str, name: str, predict: Callable[[Any], Any]) -> str:
    """Register a version that answers by a function."""
    mlflow.set_tracking_uri(uri)
    signature = ModelSignature(
        Schema([ColSpec(column.type, column.name) for column in COLUMNS]), Schema([ColSpec("string")])
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # wants type hints and an example
        info = mlflow.pyfunc.log_model(
            name="model", python_model=predict, pip_requirements=["mlflow"], signature=signature
        )
    client = MlflowClient(uri)
    return str(client.create_model_version(name, info.model_uri, model_id=info.model_id).version)


def raising(model_input):
    raise ZeroDivisionError("the model's own fault")


def slow(model_input):
    import time

    time.sleep(60)
    return ["slow"] * len(model_input)


def routes(gateway: Gateway, uri: str, *arguments: str) -> tuple[int, Any]:
    """Run the command and give its exit code and what it answers in JSON."""
    environ = {
        "PATH": "/usr/bin:/bin",
        "PENSTOCK_VAR_DIR": str(gateway.var_dir),
        "PENSTOCK_TRACKING_URI": uri,
        "PENSTOCK_GATEWAY_PORT": str(gateway.port),
        "USER": "ann",
    }
    command = [sys.executable, "-m", "serving.routes", arguments[0], "--json", *arguments[1:]]
    done = subprocess.run(
        command, check=False, cwd=REPO, env=environ, capture_output=True, text=True, timeout=180
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def split(weight: float, **challenger: Any) -> str:
    champion = {"stage": "Production", "weight": 100 - weight}
    challenger = {"version": "2"} | challenger | {"weight": weight}
    return json.dumps({"variants": {"champion": champion, "challenger": challenger}, "salt": "test"})


def with_route(gateway: Gateway, client: MlflowClient, model: str, text: str) -> None:
    client.set_registered_model_tag(model, ROUTE, text)
    variants = len(json.loads(text)["variants"])
    gateway.wait_for_all(lambda: page(gateway, model) == variants)


def page(gateway: Gateway, model: str) -> int:
    """How many variants have a version, by the worker that answers; it may not know the model yet."""
    variants = gateway.call("GET", f"/models/{model}").json().get("variants", ())
    return sum(variant["version"] is not None for variant in variants)


def test_a_pyfunc_that_raises_is_answered_for_by_the_champion(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register_pyfunc(mlflow_server.uri, model, raising)
    with_route(gateway, client, model, split(100))
    answer = gateway.predict(model)
    assert answer.headers["x-penstock-fallback"] == "challenger"
    assert (answer.status, answer.json()) == (200, {"predictions": ["one"]})
    assert answer.headers["x-penstock-variant"] == "champion"
    labels = {"model": model, "version": "2", "variant": "challenger"}
    gateway.wait_until(lambda: gateway.metric("penstock_fallbacks_total", **labels, reason="failed") >= 1)
    gateway.wait_until(lambda: gateway.metric("penstock_requests_total", **labels, code="500") >= 1)
    rows = read(gateway.var_dir / "predictions", model=model).to_pylist()
    [row] = [row for row in rows if row["prediction_id"] == answer.headers["x-prediction-id"]]
    assert (row["variant"], row["version"]) == ("champion", "1")


def test_a_pyfunc_that_hangs_is_answered_for_in_time(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    client.set_registered_model_tag(model, "penstock.policy", '{"traffic": {"challenger_ms": 200}}')
    register_pyfunc(mlflow_server.uri, model, slow)
    with_route(gateway, client, model, split(100))
    gateway.wait_until(lambda: gateway.predict(model).headers.get("x-penstock-fallback") == "challenger")
    labels = {"model": model, "version": "2", "variant": "challenger"}
    gateway.wait_until(lambda: gateway.metric("penstock_requests_total", **labels, code="504") >= 1)
    assert gateway.metric("penstock_fallbacks_total", **labels, reason="late") >= 1


def test_a_tester_reaches_a_variant_without_a_share(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    with_route(gateway, client, model, split(0))
    answer = gateway.predict(model, X_Penstock_Variant="challenger")
    assert (answer.headers["x-penstock-version"], answer.json()) == ("2", {"predictions": ["two"]})
    refused = gateway.predict(model, X_Penstock_Variant="nobody")
    assert refused.status == 400
    assert "known are champion (version 1), challenger (version 2)" in refused.json()["message"]
    assert {gateway.predict(model).headers["x-penstock-version"] for _ in range(20)} == {"1"}


def test_a_tag_that_names_a_missing_version_leaves_the_last_good_route(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    with_route(gateway, client, model, split(100))
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "2")
    client.set_registered_model_tag(model, ROUTE, split(100, version="9"))
    gateway.wait_until(lambda: gateway.metric("penstock_route_problem", route=model) == 1)
    assert gateway.predict(model).headers["x-penstock-version"] == "2"
    sentence = f"model '{model}' has no version 9; the last good route stays"
    problem = f"{model}: variant 'challenger' of route '{model}': {sentence}"
    gateway.wait_until(lambda: problem in gateway.ready()["problems"])
    assert gateway.log.read_text().count(sentence) == 1


def test_the_command_sets_what_the_gateway_follows_and_refuses_the_rest(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    uri = mlflow_server.uri
    flags = ("--variant", "champion=Production:0", "--variant", "challenger=2:100", "--shadow", "version=1")
    assert routes(gateway, uri, "check", model, *flags)[0] == 0
    assert ROUTE not in client.get_registered_model(model).tags
    code, answer = routes(gateway, uri, "set", model, *flags, "--reason", "all to it")
    assert (code, answer["done"], answer["model"]) == (0, True, model)
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "2")
    code, answer = routes(gateway, uri, "set", model, split(10, version="9"))
    assert (code, len(answer["problems"])) == (2, 1)
    code, answer = routes(gateway, uri, "show", model)
    [shown] = answer["routes"]
    assert [(v["name"], v["version"], v["stage"]) for v in shown["variants"]] == [
        ("champion", "1", "Production"),
        ("challenger", "2", "None"),
    ]
    assert (shown["problems"], shown["shadows"][0]["version"]) == ([], "1")
    assert routes(gateway, uri, "clear", model)[0] == 0
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "1")


def test_a_canary_goes_all_the_way_under_load(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    uri, hold = mlflow_server.uri, {"min_requests": 20, "min_minutes": 0, "max_latency_ratio": 50}
    policy = {"traffic": {"canary": [20, 50, 100], "promote": True, "hold": hold}}
    client.set_registered_model_tag(model, "penstock.policy", json.dumps(policy))
    register(uri, model, label="two")
    move(client, model, "2", "Staging")
    with Load(gateway, model, clients=2) as load:
        assert routes(gateway, uri, "canary", model, "start")[1]["percent"] == 20
        said = []
        for _ in range(12):
            load.wait_for(len(load.answers) + 250)
            said.append(routes(gateway, uri, "canary", model, "step")[1])
            if said[-1]["phase"] == "done":
                break
        gateway.wait_until(lambda: load.versions()[-1] == "2")
    assert [one["action"] for one in said if one["action"] != "hold"] == ["advance", "done"]
    assert load.failures == []
    assert client.get_model_version(model, "2").current_stage == "Production"
    assert ROUTE not in client.get_registered_model(model).tags


def test_a_canary_of_a_failing_version_goes_back_and_no_caller_sees_it(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    uri, hold = mlflow_server.uri, {"min_requests": 20, "min_minutes": 0}
    policy = {"traffic": {"canary": [50, 100], "hold": hold}}
    client.set_registered_model_tag(model, "penstock.policy", json.dumps(policy))
    register_pyfunc(uri, model, raising)
    move(client, model, "2", "Staging")
    with Load(gateway, model, clients=2) as load:
        assert routes(gateway, uri, "canary", model, "start")[0] == 0
        labels = {"model": model, "version": "2", "variant": "challenger"}
        gateway.wait_until(lambda: gateway.metric("penstock_requests_total", **labels) > 30)
        answer = routes(gateway, uri, "canary", model, "step")[1]
    assert (answer["action"], answer["phase"]) == ("back", "back")
    assert "100.00% of the challenger's requests failed, 0.00% of the champion's" in answer["reasons"][0]
    assert load.failures == []


def test_a_shadow_that_hangs_takes_nothing_from_answers_or_other_shadows(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register_pyfunc(mlflow_server.uri, model, slow)
    register(mlflow_server.uri, model, label="three", with_plan=False)
    route = json.loads(split(0, version="1")) | {"shadow": [{"version": "2"}, {"version": "3"}]}
    with_route(gateway, client, model, json.dumps(route))
    gateway.wait_until(lambda: len(gateway.call("GET", f"/models/{model}").json()["shadows"]) == 2)
    for _ in range(60):
        assert gateway.predict(model).status == 200
        time.sleep(0.05)
    log = gateway.var_dir / "predictions"
    gateway.wait_until(
        lambda: Counter(read(log, model=model, shadow=True).column("version").to_pylist())["3"] >= 30
    )


def test_a_named_route_that_is_removed_under_load_is_404_and_nothing_else(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    name = f"{model}-ab"
    text = json.dumps({"variants": {"champion": {"stage": "Production", "weight": 100}}})
    assert routes(gateway, mlflow_server.uri, "set", "--model", model, "--route", name, text)[0] == 0
    gateway.wait_for(name)
    with Load(gateway, name, clients=2) as load:
        load.wait_for(100)
        assert routes(gateway, mlflow_server.uri, "clear", name)[0] == 0
        gateway.wait_until(lambda: any(failure.startswith("404") for failure in load.failures))
        time.sleep(0.5)
    assert {failure[:3] for failure in load.failures} == {"404"}
    assert gateway.predict(model).status == 200


def test_a_model_that_is_registered_under_a_routes_name_does_not_take_it(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    name = f"{model}-ab"
    text = json.dumps({"variants": {"champion": {"stage": "Production", "weight": 100}}})
    client.set_registered_model_tag(model, f"{ROUTE}.{name}", text)
    gateway.wait_for(name)
    register(mlflow_server.uri, name, label="other")
    gateway.wait_until(lambda: gateway.metric("penstock_route_problem", route=name) == 1)
    assert gateway.predict(name).json() == {"predictions": ["one"]}
    code, answer = routes(gateway, mlflow_server.uri, "set", "--model", model, "--route", name, text)
    assert (code, "the name of a registered model, and hide it" in answer["problems"][0]) == (2, True)


def test_thirty_two_variants_answer(gateway: Gateway, client: MlflowClient, model: str) -> None:
    variants = {f"v{i}": {"version": "1", "weight": 3 if i else 7} for i in range(32)}
    with_route(gateway, client, model, json.dumps({"variants": variants}))
    found = {gateway.predict(model, BODY, X_User_Id=str(i)).headers["x-penstock-variant"] for i in range(300)}
    assert len(found) > 25
