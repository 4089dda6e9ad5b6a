"""The Open Inference Protocol V2 through a real gateway, asked by a client that is not ours: Triton's."""

import gzip
import json
import warnings
from collections.abc import Iterator
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import Gateway, run_gateway
from tests.service.gateway_models import register

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # gevent's patching
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException

PLAN, TABLES, ARRAYS, UNPROMOTED = "v2-plan", "v2-tables", "v2-arrays", "v2-unpromoted"
ROWS = [[1.5, -0.25], [-2.0, 1.0], [0.5, 3.0]]


def log_pyfunc(uri: str, name: str, predict: Any, signature: ModelSignature) -> None:
    mlflow.set_tracking_uri(uri)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # wants type hints and an example
        info = mlflow.pyfunc.log_model(
            name="model", python_model=predict, pip_requirements=["mlflow"], signature=signature
        )
    client = MlflowClient(uri)
    client.create_registered_model(name)
    version = client.create_model_version(name, info.model_uri, model_id=info.model_id).version
    client.transition_model_version_stage(name, version, "Production")


def tables(model_input):
    length = model_input["length"].fillna(0.0)
    return length.to_frame("double").assign(
        double=length * 2, word=model_input["word"].fillna("nothing").str.upper()
    )


def arrays(model_input):
    return model_input.sum(axis=(1, 2))


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    uri = mlflow_server.uri
    for label in ("yes", "maybe"):
        register(uri, PLAN, label=label)
    client = MlflowClient(uri)
    client.transition_model_version_stage(PLAN, "1", "Production")
    client.transition_model_version_stage(PLAN, "2", "Staging")
    route = {"champion": {"stage": "Production", "weight": 100}, "next": {"stage": "Staging", "weight": 0}}
    client.set_registered_model_tag(PLAN, "penstock.route", json.dumps({"variants": route}))
    register(uri, UNPROMOTED, label="yes")
    columns = Schema([ColSpec("double", "length"), ColSpec("string", "word", required=False)])
    answered = Schema([ColSpec("double", "double"), ColSpec("string", "word")])
    log_pyfunc(uri, TABLES, tables, ModelSignature(columns, answered))
    pictures = Schema([TensorSpec(np.dtype("float32"), (-1, 2, 2))])
    sums = Schema([TensorSpec(np.dtype("float32"), (-1,))])
    log_pyfunc(uri, ARRAYS, arrays, ModelSignature(pictures, sums))
    with run_gateway(uri, tmp_path_factory.mktemp("v2"), free_port()) as running:
        for name in (PLAN, TABLES, ARRAYS):
            path = f"/v2/models/{name}/infer"
            # A model that is not loaded yet, or not known yet, is loaded when it is first asked.
            running.wait_until(lambda path=path: running.call("POST", path, b"{}").status == 400)
        running.wait_until(lambda: running.call("GET", "/ready").status == 200)
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Any]:
    found = triton.InferenceServerClient(f"127.0.0.1:{gateway.port}")
    yield found
    found.close()


def tensor(name: str, datatype: str, values: Any, *, is_binary: bool) -> Any:
    array = np.array(values, {"FP64": "f8", "FP32": "f4", "INT64": "i8", "BYTES": object}[datatype])
    made = triton.InferInput(name, list(array.shape), datatype)
    return made.set_data_from_numpy(array, binary_data=is_binary)


def columns(*, is_binary: bool) -> list[Any]:
    lengths, widths = zip(*ROWS, strict=True)
    return [
        tensor("width", "FP32", [[width] for width in widths], is_binary=is_binary),
        tensor("length", "FP64", lengths, is_binary=is_binary),
    ]


def mlflow_answer(gateway: Gateway, name: str, body: Any) -> Any:
    return gateway.predict(name, json.dumps(body).encode()).json()


@pytest.mark.parametrize("is_binary", [False, True], ids=["json", "binary"])
class TestTriton:
    def test_a_tensor_a_column_is_answered_as_mlflows_protocol_does(
        self, gateway: Gateway, client: Any, is_binary: bool
    ) -> None:
        wanted = [triton.InferRequestedOutput(name, binary_data=is_binary) for name in
                  ("predict", "probabilities")]  # fmt: skip
        result = client.infer(PLAN, columns(is_binary=is_binary), outputs=wanted, request_id="seven")
        split = {"columns": ["length", "width"], "data": ROWS}
        theirs = mlflow_answer(gateway, PLAN, {"dataframe_split": split, "params": {"probabilities": True}})
        ours = [label.decode() if is_binary else label for label in result.as_numpy("predict")]
        assert ours == theirs["predictions"]
        assert result.as_numpy("probabilities") == pytest.approx(np.array(theirs["probabilities"]))
        assert result.get_response()["id"] == "seven"

    def test_one_tensor_brings_all_columns(self, client: Any, is_binary: bool) -> None:
        both = [tensor("rows", "FP64", ROWS, is_binary=is_binary)]
        assert client.infer(PLAN, both).as_numpy("predict").tolist() == [b"yes", b"no", b"yes"]

    def test_a_table_of_a_pyfunc_is_a_tensor_a_column(self, client: Any, is_binary: bool) -> None:
        words = np.array(["a", "Zürich ☃"], object)
        given = [
            tensor("length", "FP32", [1.5, float("nan")], is_binary=is_binary),
            tensor("word", "BYTES", words, is_binary=is_binary),
        ]
        result = client.infer(TABLES, given)
        assert result.as_numpy("double").tolist() == [3.0, 0.0]
        assert [word.decode() for word in result.as_numpy("word")] == ["A", "ZÜRICH ☃"]

    def test_an_array_goes_to_a_model_of_arrays(self, client: Any, is_binary: bool) -> None:
        pictures = [[[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.5], [0.5, 0.5]]]
        result = client.infer(ARRAYS, [tensor("pictures", "FP32", pictures, is_binary=is_binary)])
        assert result.as_numpy("predict").tolist() == [10.0, 2.0]

    def test_compressed_requests_and_answers(self, client: Any, is_binary: bool) -> None:
        many = [tensor("rows", "FP64", ROWS * 500, is_binary=is_binary)]
        result = client.infer(
            PLAN, many, request_compression_algorithm="gzip", response_compression_algorithm="gzip"
        )
        assert result.as_numpy("predict").tolist() == [b"yes", b"no", b"yes"] * 500


def test_the_server_lives_is_ready_and_names_its_extension(gateway: Gateway, client: Any) -> None:
    assert client.is_server_live()
    gateway.wait_until(client.is_server_ready)
    told = client.get_server_metadata()
    assert (told["name"], told["extensions"]) == ("penstock", ["binary_tensor_data"])


def test_the_metadata_of_a_plan(client: Any) -> None:
    assert client.get_model_metadata(PLAN) == {
        "name": PLAN,
        "versions": ["1", "2"],
        "platform": "penstock_plan",
        "inputs": [
            {"name": "length", "datatype": "FP64", "shape": [-1]},
            {"name": "width", "datatype": "FP64", "shape": [-1]},
        ],
        "outputs": [
            {"name": "predict", "datatype": "BYTES", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]},
        ],
    }


@pytest.mark.parametrize("name", [PLAN, TABLES, ARRAYS])
def test_an_answers_tensors_are_those_of_the_metadata(client: Any, name: str) -> None:
    told = client.get_model_metadata(name)
    inputs = [
        tensor(spec["name"], spec["datatype"], np.full([2 if n == -1 else n for n in spec["shape"]], "1" if
               spec["datatype"] == "BYTES" else 1), is_binary=True)
        for spec in told["inputs"]
    ]  # fmt: skip
    answered = client.infer(name, inputs).get_response()["outputs"]
    assert [(output["name"], output["datatype"], [-1, *output["shape"][1:]]) for output in answered] == [
        (output["name"], output["datatype"], output["shape"]) for output in told["outputs"]
    ]


def test_a_version_in_the_path_answers_whatever_its_share(client: Any) -> None:
    given = [tensor("rows", "FP64", ROWS[:1], is_binary=True)]
    for version, label in (("1", b"yes"), ("2", b"maybe")):
        result = client.infer(PLAN, given, model_version=version)
        assert result.as_numpy("predict").tolist() == [label]
        assert result.get_response()["model_version"] == version


def test_a_version_that_no_variant_holds_is_404(client: Any) -> None:
    assert not client.is_model_ready(PLAN, "9")
    with pytest.raises(InferenceServerException) as caught:
        client.infer(PLAN, [tensor("rows", "FP64", ROWS, is_binary=True)], model_version="9")
    assert caught.value.status() == "404"
    assert caught.value.message().startswith(f"no variant of '{PLAN}' holds version '9'; held are 1, 2")


def test_a_model_with_nothing_in_production_is_not_ready(client: Any) -> None:
    assert not client.is_model_ready(UNPROMOTED)


def test_an_unknown_model_is_404_in_v2s_form(gateway: Gateway) -> None:
    answer = gateway.call("POST", "/v2/models/v2-plam/infer", b"{}")
    assert (answer.status, list(answer.json())) == (404, ["error"])
    assert answer.json()["error"].startswith("there is no model 'v2-plam'; did you mean 'v2-plan'")


def test_a_wrong_datatype_is_said_in_a_sentence(client: Any) -> None:
    with pytest.raises(InferenceServerException) as caught:
        client.infer(PLAN, [tensor("length", "FP64", [1.0], is_binary=True),
                            tensor("width", "BYTES", np.array(["x"], object), is_binary=True)])  # fmt: skip
    assert caught.value.message() == (
        "column 'width' takes double: its datatype must be a number's, such as FP64, not BYTES"
    )


def test_probabilities_of_a_model_without_any_are_refused(client: Any) -> None:
    with pytest.raises(InferenceServerException) as caught:
        client.infer(
            ARRAYS,
            [tensor("x", "FP32", np.ones((1, 2, 2)), is_binary=True)],
            outputs=[triton.InferRequestedOutput("probabilities")],
        )
    assert caught.value.status() == "400"
    assert caught.value.message().startswith("this model has no probabilities")


def test_headers_and_log_are_those_of_every_protocol(gateway: Gateway) -> None:
    body = {"inputs": [{"name": "rows", "shape": [3, 2], "datatype": "FP64", "data": ROWS}]}
    answer = gateway.call(
        "POST", f"/v2/models/{PLAN}/infer", json.dumps(body), {"X-User-Id": "ann", "X-Request-Id": "v2-1"}
    )
    assert (answer.headers["x-penstock-version"], answer.headers["x-request-id"]) == ("1", "v2-1")
    rows = read(gateway.var_dir / "predictions", model=PLAN).to_pylist()
    kept = [row for row in rows if row["prediction_id"].startswith(answer.headers["x-prediction-id"])]
    assert [row["prediction"] for row in kept] == ["yes", "no", "yes"]
    assert kept[0]["features"] == {"length": 1.5, "width": -0.25}
    assert len(kept[0]["probabilities"]) == 2


def test_wrong_methods_are_405(gateway: Gateway) -> None:
    answer = gateway.call("GET", f"/v2/models/{PLAN}/infer")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = gateway.call("POST", "/v2")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


OTHERS = ("/v2x", "/v2/models", "/v2/models//infer", "/v2/models/m/versions", "/v2/models/m/versions//infer",
          "/v2/models/m/infer/x", "/v2/models/m/versions/1/x")  # fmt: skip


@pytest.mark.parametrize("path", OTHERS)
def test_other_paths_are_404(gateway: Gateway, path: str) -> None:
    answer = gateway.call("GET", path)
    assert (answer.status, list(answer.json())) == (404, ["error"])


def test_mlflows_protocol_takes_gzip_and_answers_in_it(gateway: Gateway) -> None:
    body = json.dumps({"dataframe_split": {"columns": ["length", "width"], "data": ROWS * 1000}}).encode()
    answer = gateway.predict(
        PLAN, gzip.compress(body), Content_Encoding="gzip", Accept_Encoding="br, gzip;q=0.5"
    )
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    assert json.loads(gzip.decompress(answer.body))["predictions"] == ["yes", "no", "yes"] * 1000
