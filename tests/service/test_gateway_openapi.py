"""The gateway does what its OpenAPI description says, whatever is sent: no 5xx, nothing undescribed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi

from serving.web.openapi.document import document
from tests.service.gateway_fixtures import Gateway, run_gateway
from tests.service.gateway_models import register

MODEL, PYFUNC = "openapi-plan", "openapi-pyfunc"
EXAMPLES = 20
CHECKS = (
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
    openapi.response_headers_conformance,
)


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    for name in (MODEL, PYFUNC):
        register(mlflow_server.uri, name, label="yes", with_plan=name == MODEL)
        MlflowClient(mlflow_server.uri).transition_model_version_stage(name, "1", "Production")
    with run_gateway(mlflow_server.uri, tmp_path_factory.mktemp("openapi"), free_port()) as running:
        running.wait_for(MODEL, PYFUNC)
        running.wait_until(lambda: running.call("GET", "/ready").status == 200)
        yield running


@pytest.fixture(scope="module")
def described(gateway: Gateway) -> Any:
    return gateway.call("GET", "/openapi.json").json()


def test_a_models_columns_are_in_the_description(described: Any) -> None:
    body = described["paths"][f"/models/{MODEL}/invocations"]["post"]["requestBody"]["content"]
    split = body["application/json"]["schema"]["oneOf"][0]["properties"]["dataframe_split"]
    assert split["properties"]["columns"] == {"const": ["length", "width"]}


@pytest.mark.parametrize("path", [f"/models/{MODEL}/invocations", f"/v2/models/{MODEL}/infer"])
def test_the_examples_are_answered(gateway: Gateway, described: Any, path: str) -> None:
    body = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
    headers = {"Content-Type": "application/json"}
    assert gateway.call("POST", path, json.dumps(body), headers).status == 200


def operations() -> list[tuple[str, str, str]]:
    """Path, method and kind of data; what has no body can only be asked as it is described."""
    made = document({}, url="http://127.0.0.1", release="0", root=Path())
    doors = [
        (path, method) for path, item in made["paths"].items() for method in item if method != "parameters"
    ]
    for name in (MODEL, PYFUNC):
        doors += [(f"/models/{name}/invocations", "post"), (f"/v2/models/{name}/infer", "post")]
    return [(*door, "positive") for door in doors] + [(*door, "negative") for door in doors if "post" in door]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("path", "method", "mode"), operations())
def test_whatever_is_sent(gateway: Gateway, described: Any, path: str, method: str, mode: str) -> None:
    operation = schemathesis.openapi.from_dict(described)[path][method.upper()]
    cases = operation.as_strategy(generation_mode=getattr(schemathesis.GenerationMode, mode.upper()))
    names = {"name": MODEL, "version": "1"}

    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate])  # fmt: skip
    @given(case=cases, is_known=st.booleans())
    def sent(case: Any, is_known: bool) -> None:
        if is_known:
            case.path_parameters = {key: names[key] for key in case.path_parameters}
        case.call_and_validate(base_url=f"http://127.0.0.1:{gateway.port}", checks=CHECKS, timeout=10)

    sent()
