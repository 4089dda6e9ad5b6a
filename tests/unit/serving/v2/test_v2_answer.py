"""Predictions become tensors whose bytes say what they are."""

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.protocol.errors import RequestError
from serving.protocol.v2.answer import write
from serving.protocol.v2.outputs import Answered, of_answer, of_plan, tensor
from tests.unit.serving.v2.v2_fixtures import Given, read

A: Given = ("a", "FP64", [1], [1.5])
PLAN = of_plan(["yes", "no"], [[0.25, 0.75], [1.0, 0.0]])


def written(answered: list[Answered], **asked: Any) -> tuple[dict[str, Any], bytes, dict[bytes, bytes]]:
    body, headers = write("m", "3", read([A], **asked), answered)
    end = int(dict(headers).get(b"inference-header-content-length", len(body)))
    return json.loads(body[:end]), body[end:], dict(headers)


def test_all_outputs_are_answered_in_json_with_model_version_and_id() -> None:
    answer, rest, headers = written(PLAN, id="seven")
    assert (answer["model_name"], answer["model_version"], answer["id"], rest) == ("m", "3", "seven", b"")
    assert answer["outputs"] == [
        {"name": "predict", "datatype": "BYTES", "shape": [2], "data": ["yes", "no"]},
        {"name": "probabilities", "datatype": "FP64", "shape": [2, 2], "data": [0.25, 0.75, 1.0, 0.0]},
    ]
    assert headers == {b"content-type": b"application/json"}


def test_without_an_id_none_is_answered() -> None:
    assert "id" not in written(PLAN)[0]


def test_only_what_is_asked_for_is_answered_in_that_order() -> None:
    answer, _, _ = written(PLAN, outputs=[{"name": "probabilities"}, {"name": "predict"}])
    assert [output["name"] for output in answer["outputs"]] == ["probabilities", "predict"]


def test_binary_outputs_follow_the_json() -> None:
    answer, rest, headers = written(PLAN, parameters={"binary_data_output": True})
    assert rest == (
        struct.pack("<I", 3) + b"yes" + struct.pack("<I", 2) + b"no" + struct.pack("<4d", 0.25, 0.75, 1, 0)
    )
    sizes = [output["parameters"]["binary_data_size"] for output in answer["outputs"]]
    assert (sizes, headers[b"content-type"]) == ([13, 32], b"application/octet-stream")


def test_one_output_may_be_binary_and_another_not() -> None:
    wanted = [{"name": "predict"}, {"name": "probabilities", "parameters": {"binary_data": True}}]
    answer, rest, _ = written(PLAN, outputs=wanted)
    assert ("data" in answer["outputs"][0], "data" in answer["outputs"][1], len(rest)) == (True, False, 32)


def test_an_output_that_there_is_not_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        written(PLAN, outputs=[{"name": "labels"}])
    assert str(caught.value) == "there is no output 'labels'; this model answers predict, probabilities"


@pytest.mark.parametrize(
    ("value", "datatype", "shape", "values"),
    [
        ([1, 2], "INT64", (2,), [1, 2]),
        ([1, 2.5], "FP64", (2,), [1.0, 2.5]),
        ([1.5, None], "FP64", (2,), [1.5, None]),
        ([1, None], "FP64", (2,), [1.0, None]),
        ([2**63], "FP64", (1,), [2.0**63]),
        ([True, False], "BOOL", (2,), [True, False]),
        (["a", None], "BYTES", (2,), ["a", None]),
        ([[1, 2], [3, 4]], "INT64", (2, 2), [1, 2, 3, 4]),
        ([[1], [2, 3]], "BYTES", (2,), ["[1]", "[2,3]"]),
        ([1, "a"], "BYTES", (2,), ["1", '"a"']),
        ([True, None], "BYTES", (2,), ["true", "null"]),
        ([{"a": [1]}], "BYTES", (1,), ['{"a":[1]}']),
        (5, "INT64", (1,), [5]),
        ([], "FP64", (0,), []),
    ],
)
def test_any_prediction_is_a_tensor(value: Any, datatype: str, shape: tuple[int, ...], values: Any) -> None:
    assert tensor("x", value) == Answered("x", datatype, shape, values)


def test_a_table_is_a_tensor_a_column() -> None:
    answer = {"predictions": [{"low": 1.0, "word": "a"}, {"low": 2.0, "word": "b"}]}
    assert [(output.name, output.values) for output in of_answer(answer)] == [
        ("low", [1.0, 2.0]),
        ("word", ["a", "b"]),
    ]


def test_named_arrays_are_tensors() -> None:
    assert [output.name for output in of_answer({"predictions": {"mean": [1.0], "spread": [0.5]}})] == [
        "mean",
        "spread",
    ]


def test_probabilities_stand_beside_the_predictions() -> None:
    outputs = of_answer({"predictions": ["a"], "probabilities": [[0.5, 0.5]]})
    assert [(output.name, output.shape) for output in outputs] == [
        ("predict", (1,)),
        ("probabilities", (1, 2)),
    ]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)


@given(value=json_values, is_binary=st.booleans())
def test_whatever_a_model_answers_can_be_written(value: Any, is_binary: bool) -> None:
    written(of_answer({"predictions": value}), parameters={"binary_data_output": is_binary})


@given(values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=5))
def test_binary_numbers_are_those_of_json(values: list[float]) -> None:
    _, rest, _ = written([tensor("x", values)], parameters={"binary_data_output": True})
    assert np.frombuffer(rest, "<f8").tolist() == values
