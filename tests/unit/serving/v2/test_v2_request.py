"""A request's bytes become tensors as they were sent; whatever else comes is refused with a sentence."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.protocol.errors import RequestError
from serving.protocol.v2.datatypes import DATATYPES
from serving.protocol.v2.request import Output, parse
from serving.protocol.v2.rows import to_table
from tests.unit.serving.v2.v2_fixtures import Given, as_binary, as_json, read

A: Given = ("a", "FP64", [2], [1.5, 2.5])
COLUMNS = (("a", "double"), ("b", "string"))


def values_of(datatype: str) -> st.SearchStrategy[Any]:
    kind = DATATYPES[datatype]
    if kind.family == "boolean":
        return st.booleans()
    if kind.family == "whole":
        return st.integers(kind.low, kind.high)
    if kind.family == "real":
        return st.floats(width=8 * kind.size, allow_nan=True)
    return st.text(st.characters(codec="utf-8"), max_size=5)


@st.composite
def tensors(draw: Any) -> list[Given]:
    found: list[Given] = []
    for name in draw(st.lists(st.text(max_size=3), min_size=1, max_size=4, unique=True)):
        datatype = draw(st.sampled_from(sorted(DATATYPES)))
        shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
        count = math.prod(shape)
        found.append(
            (name, datatype, shape, draw(st.lists(values_of(datatype), min_size=count, max_size=count)))
        )
    return found


def kept(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return "nan" if isinstance(value, float) and math.isnan(value) else value


@settings(max_examples=150)
@given(sent=tensors(), is_binary=st.booleans())
def test_tensors_arrive_as_they_were_sent(sent: list[Given], is_binary: bool) -> None:
    for tensor, (name, datatype, shape, values) in zip(
        read(sent, is_binary=is_binary).tensors, sent, strict=True
    ):
        assert (tensor.name, tensor.datatype.name, tensor.shape) == (name, datatype, tuple(shape))
        assert list(map(kept, tensor.values)) == list(map(kept, values))


@settings(max_examples=60)
@given(sent=tensors())
def test_cells_are_those_of_numpy(sent: list[Given]) -> None:
    for tensor in read(sent).tensors:
        theirs = np.array(tensor.values, object).reshape(tensor.shape).tolist()
        assert json.dumps(tensor.cells()) == json.dumps(theirs)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "b"]) | json_values,
        "datatype": st.sampled_from(sorted(DATATYPES)) | json_values,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | json_values,
        "data": st.lists(json_values, max_size=3) | json_values,
        "parameters": st.fixed_dictionaries(
            {}, optional={"binary_data_size": st.integers(-1, 9) | json_values}
        ),
    },
)
bodies = st.fixed_dictionaries(
    {}, optional={"inputs": st.lists(entries, max_size=3) | json_values, "outputs": json_values,
                  "parameters": json_values, "id": json_values}
)  # fmt: skip


@settings(max_examples=400)
@given(body=bodies, rest=st.binary(max_size=12), header=st.none() | st.binary(max_size=3) | st.just(b"json"))
def test_whatever_comes_is_read_or_refused_with_a_sentence(body: Any, rest: bytes, header: Any) -> None:
    text = json.dumps(body).encode()
    length = str(len(text)).encode() if header == b"json" else header
    try:
        to_table(parse(text + rest, length).tensors, COLUMNS)
    except RequestError as error:
        assert (error.status, len(str(error)) > 10) == (400, True)  # noqa: PT017 - some are taken


@settings(max_examples=100)
@given(data=st.data())
def test_a_binary_request_that_is_cut_or_changed_never_breaks_the_reader(data: Any) -> None:
    body, header = as_binary(data.draw(tensors()))
    place = data.draw(st.integers(0, len(body)))
    broken = (
        body[:place] + data.draw(st.binary(max_size=4)) + body[data.draw(st.integers(place, len(body))) :]
    )
    try:
        to_table(parse(broken, header).tensors, COLUMNS)
    except RequestError as error:
        assert error.status == 400  # noqa: PT017 - some are taken


def refused(body: bytes, header: bytes | None = None) -> str:
    with pytest.raises(RequestError) as caught:
        parse(body, header)
    assert caught.value.status == 400
    return str(caught.value)


def test_outputs_and_how_they_are_wanted() -> None:
    wanted = [{"name": "x"}, {"name": "y", "parameters": {"binary_data": False}}]
    request = read([A], outputs=wanted, parameters={"binary_data_output": True}, id="7")
    assert (request.id, request.outputs) == ("7", (Output("x", True), Output("y", False)))
    assert not request.wants("probabilities")


def test_the_models_own_parameters_are_those_that_are_not_the_protocols() -> None:
    request = read([A], parameters={"binary_data_output": True, "timeout": 5, "explain": True, "degree": 2})
    assert (request.params, request.explain) == ({"degree": 2}, True)


def test_nan_in_json_is_a_gap_that_arrives() -> None:
    [tensor] = parse(as_json([("a", "FP64", [1], [math.nan])]), None).tensors
    assert math.isnan(tensor.values[0])


def test_half_a_character_is_refused() -> None:
    body = b'{"inputs":[{"name":"a","datatype":"BYTES","shape":[1],"data":["\\ud800"]}]}'
    assert refused(body) == "the body must be JSON; it cannot be parsed"


@pytest.mark.parametrize(
    ("tensor", "wanted"),
    [
        ({"datatype": "FP65"}, "input 'a' must have a 'datatype' that is one of BOOL, UINT8"),
        ({"datatype": ["FP64"]}, "input 'a' must have a 'datatype' that is one of"),
        ({"shape": []}, "input 'a' must have a 'shape', a list of sizes such as [2] or [2, 1]"),
        ({"shape": [-1]}, "input 'a' must have a 'shape'"),
        ({"shape": [True]}, "input 'a' must have a 'shape'"),
        ({"shape": [1] * 17}, "input 'a' must have at most 16 dimensions"),
        ({"shape": [0]}, "input 'a' must hold at least one row of values; its shape has a 0"),
        ({"shape": [3]}, "input 'a' of shape [3] must have 3 elements, and has 2"),
        ({"shape": [10**18, 10**18]}, "input 'a' of shape"),
        ({"data": "text"}, "input 'a' must have 'data', a list, or a 'binary_data_size'"),
        ({"data": [1, "x"]}, "input 'a' is FP64, so its data must be numbers; element 1 is not"),
        ({"data": [True, 1]}, "input 'a' is FP64, so its data must be numbers; element 0 is not"),
        ({"datatype": "UINT8", "data": [1, 256]}, "input 'a' is UINT8, so its data must be from 0 to 255"),
        ({"datatype": "INT8", "data": [1, 1.5]}, "input 'a' is INT8, so its data must be whole numbers"),
        ({"shape": [2, 1], "data": [[1], 2]}, "input 'a': 'data' must be flat, or nested as its shape"),
        ({"parameters": 1}, "the 'parameters' of input 'a' must be an object"),
        ({"parameters": {"binary_data_size": 1}}, "input 'a': 'binary_data_size' must be a number"),
        ({"parameters": {"shared_memory_region": "x"}}, "input 'a' lies in shared memory, which"),
        ({"name": 1}, "each of 'inputs' must be an object with 'name', 'shape'"),
        ({"name": "a" * 2000}, "each of 'inputs' must be an object with 'name'"),
    ],
)  # fmt: skip
def test_a_tensor_that_is_none_is_told_why(tensor: dict[str, Any], wanted: str) -> None:
    entry = {"name": "a", "datatype": "FP64", "shape": [2], "data": [1, 2]} | tensor
    assert refused(json.dumps({"inputs": [entry]}).encode()).startswith(wanted)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda body, at: (body, b"x"), "Inference-Header-Content-Length must say where the JSON ends"),
        (lambda body, at: (body, b"99999"), "Inference-Header-Content-Length must say where the JSON ends"),
        (lambda body, at: (body, b"9" * 30), "Inference-Header-Content-Length must say where the JSON ends"),
        (lambda body, at: (body + b"xyz", at), "3 bytes are left behind the tensors"),
        (lambda body, at: (body[:-1], at), "input 'a': 'binary_data_size' must be a number of bytes; 15"),
    ],
)  # fmt: skip
def test_a_body_that_is_too_long_or_short_is_told_so(change: Any, wanted: str) -> None:
    assert refused(*change(*as_binary([A]))).startswith(wanted)


def test_a_binary_text_that_is_cut_off_is_refused() -> None:
    body, header = as_binary([("b", "BYTES", [1], ["long text"])])
    body = body.replace(b"\x09\x00\x00\x00", b"\x0a\x00\x00\x00")
    assert refused(body, header) == "input 'b': element 0 is cut off by 'binary_data_size'"


def test_a_binary_tensor_of_another_size_is_refused() -> None:
    body, header = as_binary([A])
    body = body.replace(b'"FP64"', b'"FP32"')
    assert refused(body, header) == (
        "input 'a' of datatype FP32 and shape [2] takes 8 bytes; its 'binary_data_size' is 16"
    )


def test_texts_that_are_not_utf8_are_refused() -> None:
    body, header = as_binary([("b", "BYTES", [1], [b"\xff"])])
    with pytest.raises(RequestError, match="input 'b' must hold texts in UTF-8; byte 0 of one is not"):
        to_table(parse(body, header).tensors, (("b", "string"),))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"x", b'{"inputs":[]}', b'{"inputs":{}}', b"[" * 5000, b"1" * 5000]
)
def test_no_request_at_all(body: bytes) -> None:
    assert refused(body)
