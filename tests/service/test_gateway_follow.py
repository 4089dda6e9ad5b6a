"""The gateway follows the registry: stages, routes, broken versions; no request fails."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from mlflow import MlflowClient

from serving.lifecycle.moves import Lifecycle
from serving.prediction_log.read import read
from tests.service.gateway_fixtures import BODY, JSON, Gateway, Load, run_gateway
from tests.service.gateway_models import register, register_broken

ROUTE = "penstock.route"


@pytest.fixture(scope="module")
def client(mlflow_server: Any) -> MlflowClient:
    return MlflowClient(mlflow_server.uri)


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("follow")
    with run_gateway(mlflow_server.uri, folder, free_port(), gateway_poll_s=1.0) as running:
        yield running


@pytest.fixture
def model(request: Any, mlflow_server: Any, client: MlflowClient, gateway: Gateway) -> str:
    """A model of this test alone: version 1 in Production and answering."""
    name = request.node.name.replace("test_", "")[:40]
    register(mlflow_server.uri, name, label="one")
    client.transition_model_version_stage(name, "1", "Production")
    gateway.wait_for(name)
    return name


SOON_S = 30.0
"""Stages are looked at every second; a machine at its limit takes longer to bring the news about."""


def split(weight: float, **challenger: str) -> str:
    champion = {"stage": "Production", "weight": 100 - weight}
    variants = {"champion": champion, "challenger": {"stage": "Staging", "weight": weight} | challenger}
    return json.dumps({"variants": variants, "salt": "test"})


def versions_of(gateway: Gateway, name: str, users: int = 60) -> list[str]:
    return [gateway.predict(name, X_User_Id=str(user)).headers["x-penstock-version"] for user in range(users)]


def test_transitions_under_load_fail_no_request_and_show_soon(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    with Load(gateway, model) as load:
        load.wait_for(300)
        for version in ("2", "1", "2"):
            client.transition_model_version_stage(
                model, version, "Production", archive_existing_versions=True
            )
            took_s = gateway.wait_until(lambda wanted=version: load.versions()[-1] == wanted)
            assert took_s < SOON_S
            load.wait_for(len(load.answers) + 500)
        load.wait_for(2000)
    assert load.failures == []
    assert len(load.answers) >= 2000


def test_a_higher_version_that_joins_production_elsewhere_answers(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    client.set_registered_model_alias(model, "production", "1")
    client.transition_model_version_stage(model, "2", "Production")
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "2")


def test_the_gateway_follows_the_lifecycle_back_to_a_lower_version(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    lifecycle = Lifecycle(client, f"sqlite:///{gateway.var_dir.absolute()}/penstock.db", actor="test")
    lifecycle.promote(model, "2")
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "2")
    lifecycle.rollback(model)
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "1")


def test_moves_made_elsewhere_are_journalled(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    lifecycle = Lifecycle(client, f"sqlite:///{gateway.var_dir.absolute()}/penstock.db", actor="test")
    gateway.wait_until(lambda: [move.external for move in lifecycle.history(model)] == [True])


def test_a_route_splits_users_and_keeps_each_with_its_variant(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    client.transition_model_version_stage(model, "2", "Staging")
    client.set_registered_model_tag(model, ROUTE, split(50))
    gateway.wait_until(lambda: set(versions_of(gateway, model)) == {"1", "2"})
    assert versions_of(gateway, model) == versions_of(gateway, model)


def test_an_invalid_route_leaves_the_last_good_one_and_says_why(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    client.transition_model_version_stage(model, "2", "Staging")
    client.set_registered_model_tag(model, ROUTE, split(100))
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "2")
    client.set_registered_model_tag(model, ROUTE, split(100).replace("100", "101"))
    gateway.wait_until(lambda: gateway.metric("penstock_route_problem", route=model) == 1)
    problem = next(line for line in gateway.ready()["problems"] if line.startswith(f"{model}:"))
    assert "'weight' must be a percent from 0 to 100, not 101; the last good route stays" in problem
    assert gateway.predict(model).headers["x-penstock-version"] == "2"
    client.delete_registered_model_tag(model, ROUTE)
    gateway.wait_until(lambda: gateway.metric("penstock_route_problem", route=model) == 0)


def test_the_share_of_an_empty_stage_goes_to_the_champion(
    gateway: Gateway, client: MlflowClient, model: str
) -> None:
    client.set_registered_model_tag(model, ROUTE, split(40))
    gateway.wait_until(lambda: len(gateway.call("GET", f"/models/{model}").json()["variants"]) == 2)
    assert set(versions_of(gateway, model)) == {"1"}
    challenger = gateway.call("GET", f"/models/{model}").json()["variants"][1]
    assert challenger["version"] is None
    assert challenger["note"] == "its share goes to the champion"


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_says_why(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register_broken(mlflow_server.uri, model)
    client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)
    gateway.wait_until(
        lambda: any("version 1 answers instead" in line for line in gateway.ready()["problems"])
    )
    assert gateway.predict(model).headers["x-penstock-version"] == "1"
    assert gateway.metric("penstock_route_problem", route=model) == 1
    register(mlflow_server.uri, model, label="three")
    client.transition_model_version_stage(model, "3", "Production", archive_existing_versions=True)
    gateway.wait_until(lambda: gateway.predict(model).headers["x-penstock-version"] == "3")


def test_a_route_of_its_own_name_is_called_like_a_model(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    other = f"{model}-other"
    register(mlflow_server.uri, other, label="elsewhere")
    variants = {
        "a": {"stage": "Production", "weight": 0},
        "b": {"model": other, "version": "1", "weight": 100},
    }
    client.set_registered_model_tag(model, f"{ROUTE}.between", json.dumps({"variants": variants}))
    gateway.wait_until(lambda: gateway.predict("between").headers.get("x-penstock-variant") == "b")
    assert gateway.predict("between").json() == {"predictions": ["elsewhere"]}


def test_a_shadow_is_scored_logged_and_given_to_nobody(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two", with_plan=False)
    route = {"variants": {"champion": {"stage": "Production", "weight": 100}}, "shadow": [{"version": "2"}]}
    client.set_registered_model_tag(model, ROUTE, json.dumps(route))
    gateway.wait_until(lambda: gateway.call("GET", f"/models/{model}").json()["shadows"] == ["shadow"])
    assert gateway.predict(model).json() == {"predictions": ["one"]}
    log = gateway.var_dir / "predictions"
    gateway.wait_until(lambda: read(log, model=model, shadow=True).num_rows > 0)
    assert read(log, model=model, shadow=True).column("prediction").to_pylist() == ["two"]


def test_a_version_without_a_plan_is_served_by_its_pyfunc_and_says_why(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two", with_plan=False)
    client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)
    gateway.wait_until(lambda: gateway.predict(model).json() == {"predictions": ["two"]})
    labels = {"model": model, "version": "2", "scorer": "pyfunc", "fallback": "no_plan"}
    gateway.wait_until(lambda: gateway.metric("penstock_model_loaded", **labels) == 1)
    assert gateway.metric("penstock_model_loaded", model=model, version="1") == 0


def test_a_plan_that_was_altered_is_not_trusted(
    gateway: Gateway, client: MlflowClient, mlflow_server: Any, model: str
) -> None:
    register(mlflow_server.uri, model, label="two")
    client.set_model_version_tag(model, "2", "penstock.plan_sha256", "0" * 64)
    client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)
    gateway.wait_until(lambda: gateway.predict(model).json() == {"predictions": ["two"]})
    variant = gateway.call("GET", f"/models/{model}").json()["variants"][0]
    assert variant["scorer"] == "pyfunc"
    assert "the version's tag says 000000000000" in variant["why_no_plan"]


def test_a_deleted_model_is_gone(gateway: Gateway, client: MlflowClient, model: str) -> None:
    client.delete_registered_model(model)
    gateway.wait_until(lambda: gateway.predict(model).status == 404)


@pytest.mark.parametrize("name", ["with space", "模型"])
def test_a_model_of_any_name_answers(gateway: Gateway, client: MlflowClient, name: str) -> None:
    register(client.tracking_uri, name, label="yes")
    client.transition_model_version_stage(name, "1", "Production")
    path = f"/models/{quote(name)}/invocations"
    gateway.wait_until(lambda: gateway.call("POST", path, BODY, JSON).status == 200)
