"""A request's bytes: the JSON object, the binary tensors behind it, and what the caller wants back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from serving.protocol.errors import RequestError
from serving.protocol.v2.tensors import Tensor, datatype_of, from_bytes, from_json, shape_of

HEADER_LENGTH = b"inference-header-content-length"

OWN_PARAMETERS = frozenset(
    {
        "binary_data_output", "content_type", "explain", "headers", "priority", "sequence_end", "sequence_id",
        "sequence_start", "timeout",
    }
)  # fmt: skip
"""Parameters of a request that are the protocol's, Triton's, MLServer's or ours; others are the model's."""


LONGEST_NAME = 1024
"""Of a tensor: a sentence repeats it."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output that was asked for, and whether as a binary tensor."""

    name: str
    is_binary: bool


class Request(NamedTuple):
    """What was asked.

    Attributes:
        id: The caller's own id of the request; None if it gave none.
        tensors: The inputs, in the caller's order.
        outputs: The outputs that were asked for; None for all.
        is_binary: Whether outputs that are not named come as binary tensors.
        explain: Whether an explanation is wanted.
        params: The parameters that are meant for the model.
    """

    id: str | None
    tensors: tuple[Tensor, ...]
    outputs: tuple[Output, ...] | None
    is_binary: bool
    explain: bool
    params: Mapping[str, object]

    def wants(self, name: str) -> bool:
        """Whether an output is asked for by its name."""
        return self.outputs is not None and any(output.name == name for output in self.outputs)


def parse(body: bytes, header_length: bytes | None) -> Request:
    """Read a request.

    Args:
        body: The whole body.
        header_length: The header `Inference-Header-Content-Length`: where the JSON ends and bytes begin.

    Raises:
        RequestError: 400; the body is no inference request.
    """
    end = len(body) if header_length is None else _length(header_length, len(body))
    table = _loads(body if end == len(body) else body[:end])
    parameters = _parameters(table, "a request")
    identity = table.get("id")
    if identity is not None and not isinstance(identity, str):
        raise RequestError(400, "'id' must be text")
    is_binary = parameters.get("binary_data_output") is True
    return Request(
        identity,
        _tensors(table.get("inputs"), memoryview(body)[end:]),
        _outputs(table.get("outputs"), is_binary=is_binary),
        is_binary,
        parameters.get("explain") is True,
        {key: parameters[key] for key in parameters.keys() - OWN_PARAMETERS} if parameters else parameters,
    )


def _length(header: bytes, size: int) -> int:
    if not header.isdigit() or len(header) > 18 or int(header) > size:
        raise RequestError(
            400, f"Inference-Header-Content-Length must say where the JSON ends in a body of {size} bytes"
        )
    return int(header)


def _loads(text: bytes) -> dict[str, Any]:
    try:
        table = orjson.loads(text)
    except orjson.JSONDecodeError:
        table = _with_nan(text)
    if type(table) is not dict:
        raise RequestError(400, "the body must be a JSON object with 'inputs', a list of tensors")
    return table


def _with_nan(text: bytes) -> object:
    """Read JSON in which NaN and Infinity stand, as many clients write it."""
    try:
        table: object = json.loads(text)
        orjson.dumps(
            table
        )  # what cannot be written as JSON again, such as half a character, cannot be logged
        return table
    except (ValueError, TypeError, RecursionError) as error:
        raise RequestError(400, "the body must be JSON; it cannot be parsed") from error


def _parameters(table: Mapping[str, Any], whose: str) -> dict[str, Any]:
    parameters = table.get("parameters")
    if parameters is None:
        return {}
    if type(parameters) is not dict:
        raise RequestError(400, f"the 'parameters' of {whose} must be an object")
    return parameters


def _tensors(inputs: object, rest: memoryview) -> tuple[Tensor, ...]:
    if type(inputs) is not list or not inputs:
        raise RequestError(400, "'inputs' must be a list of at least one tensor")
    tensors: list[Tensor] = []
    given: object = None
    shape: tuple[int, ...] = ()
    for entry in inputs:
        name = entry.get("name") if type(entry) is dict else None
        if type(name) is not str or len(name) > LONGEST_NAME:
            raise RequestError(
                400, "each of 'inputs' must be an object with 'name', 'shape', 'datatype' and 'data'"
            )
        datatype = datatype_of(name, entry.get("datatype"))
        if given is None or entry.get("shape") != given:  # nearly always the same for all
            given = entry.get("shape")
            shape = shape_of(name, given)
        size = _size(entry, rest) if "parameters" in entry else None
        if size is None:
            tensors.append(from_json(name, datatype, shape, entry.get("data")))
        else:
            tensors.append(from_bytes(name, datatype, shape, rest[:size]))
            rest = rest[size:]
    if rest:
        raise RequestError(
            400, f"{len(rest)} bytes are left behind the tensors; check each 'binary_data_size'"
        )
    return tuple(tensors)


def _size(entry: dict[str, Any], rest: memoryview) -> int | None:
    """How many of the bytes that are left are the tensor's; None if it stands in the JSON."""
    name = entry["name"]
    parameters = _parameters(entry, f"input '{name}'")
    if "shared_memory_region" in parameters:
        raise RequestError(400, f"input '{name}' lies in shared memory, which is not served; send its data")
    size = parameters.get("binary_data_size")
    if size is None:
        return None
    if type(size) is not int or not 0 <= size <= len(rest):
        sentence = f"input '{name}': 'binary_data_size' must be a number of bytes; {len(rest)} are left"
        raise RequestError(400, sentence)
    return size


def _outputs(outputs: object, *, is_binary: bool) -> tuple[Output, ...] | None:
    if outputs is None or outputs == []:
        return None
    if type(outputs) is not list:
        raise RequestError(400, "'outputs' must be a list of objects with a 'name'")
    found = []
    for entry in outputs:
        name = entry.get("name") if type(entry) is dict else None
        if type(name) is not str or len(name) > LONGEST_NAME:
            raise RequestError(400, "each of 'outputs' must be an object with a 'name'")
        parameters = _parameters(entry, f"output '{name}'")
        if "shared_memory_region" in parameters:
            raise RequestError(400, f"output '{name}' cannot be left in shared memory; leave that out")
        found.append(Output(name, parameters.get("binary_data", is_binary) is True))
    if len({output.name for output in found}) < len(found):
        raise RequestError(400, "'outputs' must name each output once")
    return tuple(found)
