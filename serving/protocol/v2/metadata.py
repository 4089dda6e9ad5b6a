"""A model's inputs and outputs as V2 tells them: name, datatype and shape of each tensor, -1 for any size."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.types.schema import DataType, Schema

from serving.protocol.v2.outputs import PREDICT, Answered

Tensors = list[dict[str, Any]]

COLUMN_DATATYPES: Mapping[str, str] = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "binary": "BYTES",
    "datetime": "BYTES",
}
ANSWERED: Mapping[str, str] = {"INT32": "INT64", "FP32": "FP64", "FP16": "FP64"}
"""Answers go through JSON, which knows one kind of whole and one of real numbers."""

ANY = -1


def server(release: str) -> dict[str, object]:
    """What the server is."""
    return {"name": "penstock", "version": release, "extensions": ["binary_tensor_data"]}


def model(
    name: str, versions: Sequence[str], platform: str, inputs: Tensors, outputs: Tensors
) -> dict[str, object]:
    """What a model is."""
    return {
        "name": name,
        "versions": list(versions),
        "platform": platform,
        "inputs": inputs,
        "outputs": outputs,
    }


def inputs_of(schema: Schema | None) -> Tensors:
    """The inputs that a signature names; none without a signature."""
    return [_input(spec, place) for place, spec in enumerate(schema.inputs if schema else [])]


def outputs_of(schema: Schema | None) -> Tensors:
    """The outputs that a signature promises; none without a signature."""
    specs = schema.inputs if schema else []
    if len(specs) == 1 and not (schema and schema.is_tensor_spec() and specs[0].name):
        return [_output(specs[0], PREDICT)]
    return [_output(spec, spec.name or f"output-{place}") for place, spec in enumerate(specs)]


def outputs_like(answered: Sequence[Answered]) -> Tensors:
    """The outputs of which these are one answer."""
    return [_entry(tensor.name, tensor.datatype, [ANY, *tensor.shape[1:]]) for tensor in answered]


def _input(spec: Any, place: int) -> dict[str, Any]:
    return _entry(spec.name or f"input-{place}", _datatype(spec), _shape(spec))


def _output(spec: Any, name: str) -> dict[str, Any]:
    datatype = _datatype(spec)
    if datatype.startswith(("INT", "UINT")):
        datatype = "INT64"
    return _entry(name, ANSWERED.get(datatype, datatype), _shape(spec))


def _shape(spec: Any) -> list[int]:
    return list(spec.shape) if hasattr(spec, "shape") else [ANY]


def _datatype(spec: Any) -> str:
    kind = spec.type
    if isinstance(kind, DataType):
        return COLUMN_DATATYPES[kind.name]
    if not hasattr(kind, "kind"):  # an array, an object or a map: such a column's cells have no one datatype
        return "BYTES"
    bits = 8 * kind.itemsize
    return {"b": "BOOL", "i": f"INT{bits}", "u": f"UINT{bits}", "f": f"FP{bits}"}.get(kind.kind, "BYTES")


def _entry(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape}
