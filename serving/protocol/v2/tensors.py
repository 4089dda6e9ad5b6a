"""One tensor of a request: its elements, from JSON or from bytes, checked against its shape and datatype.

A gap is null in JSON, of any datatype, and NaN in a real tensor's bytes. The bytes of all others have none:
an empty text is a text. A tensor with gaps of those can be sent in JSON beside others in bytes.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from serving.protocol.errors import RequestError
from serving.protocol.v2.datatypes import DATATYPES, Datatype

LENGTH_BYTES = 4
"""Each element of a binary BYTES tensor starts with its length, unsigned and little-endian."""

MOST_DIMENSIONS = 16
_SIZES = {int}


class Tensor(NamedTuple):
    """A named array; a named tuple because a request may have one for each column.

    Attributes:
        name: As the caller gave it.
        datatype: What its elements are.
        shape: At least one dimension, the first counts rows.
        values: The elements in row-major order: numbers, booleans, texts and None; of a binary BYTES tensor
            bytes.
    """

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    values: Sequence[Any]

    def cells(self) -> Sequence[Any]:
        """One item a row: an element of a tensor of shape [n], else a nested list."""
        items = self.values
        for size in reversed(self.shape[1:]):
            items = [list(items[start : start + size]) for start in range(0, len(items), size)]
        return items


def datatype_of(name: str, given: object) -> Datatype:
    """Find a tensor's datatype.

    Raises:
        RequestError: 400; there is no such datatype.
    """
    datatype = DATATYPES.get(given) if type(given) is str else None
    if datatype is None:
        raise RequestError(
            400, f"input '{name}' must have a 'datatype' that is one of {', '.join(DATATYPES)}"
        )
    return datatype


def shape_of(name: str, given: object) -> tuple[int, ...]:
    """Check a tensor's shape.

    Raises:
        RequestError: 400; it is no list of sizes, or has no rows.
    """
    if type(given) is not list or set(map(type, given)) != _SIZES or min(given) < 0:
        raise RequestError(400, f"input '{name}' must have a 'shape', a list of sizes such as [2] or [2, 1]")
    if len(given) > MOST_DIMENSIONS:
        raise RequestError(400, f"input '{name}' must have at most {MOST_DIMENSIONS} dimensions")
    if 0 in given:
        raise RequestError(400, f"input '{name}' must hold at least one row of values; its shape has a 0")
    return tuple(given)


def from_json(name: str, datatype: Datatype, shape: tuple[int, ...], data: object) -> Tensor:
    """Read the elements of `data`, which may be flat or nested as the shape says.

    Raises:
        RequestError: 400; they are not what shape and datatype say.
    """
    if type(data) is not list:
        raise RequestError(400, f"input '{name}' must have 'data', a list, or a 'binary_data_size'")
    values = _flat(name, shape, data) if data and type(data[0]) is list else data
    if len(values) != (shape[0] if len(shape) == 1 else prod(shape)):
        raise _miscounted(name, shape, len(values))
    if not datatype.takes.issuperset(map(type, values)):
        place = next(at for at, value in enumerate(values) if type(value) not in datatype.takes)
        raise RequestError(
            400,
            f"input '{name}' is {datatype.name}, so its data must be {datatype.says}; element {place} is not",
        )
    if datatype.family == "whole" and not _fits(values, datatype):
        raise RequestError(
            400,
            f"input '{name}' is {datatype.name}, so its data must be from {datatype.low} to {datatype.high}",
        )
    return Tensor(name, datatype, shape, values)


def from_bytes(name: str, datatype: Datatype, shape: tuple[int, ...], data: memoryview) -> Tensor:
    """Read the elements of a binary tensor.

    Raises:
        RequestError: 400; there are not as many bytes as shape and datatype say.
    """
    count = prod(shape)
    if not datatype.size:
        return Tensor(name, datatype, shape, _texts(name, shape, count, bytes(data)))
    if len(data) != count * datatype.size:
        raise RequestError(
            400,
            f"input '{name}' of datatype {datatype.name} and shape {list(shape)} takes"
            f" {count * datatype.size} bytes; its 'binary_data_size' is {len(data)}",
        )
    return Tensor(name, datatype, shape, np.frombuffer(data, datatype.dtype).tolist())


def _texts(name: str, shape: tuple[int, ...], count: int, data: bytes) -> list[bytes]:
    values: list[bytes] = []
    start, end = 0, len(data)
    while start < end:
        first = start + LENGTH_BYTES
        start = first + int.from_bytes(data[start:first], "little")
        if first > end or start > end:
            raise RequestError(400, f"input '{name}': element {len(values)} is cut off by 'binary_data_size'")
        values.append(data[first:start])
    if len(values) != count:
        raise _miscounted(name, shape, len(values))
    return values


def _flat(name: str, shape: tuple[int, ...], data: list[Any]) -> list[Any]:
    for depth in range(len(shape)):
        if len(data) != prod(shape[: depth + 1]):
            raise _miscounted(name, shape, len(data))
        if depth == len(shape) - 1:
            break
        wanted = shape[depth + 1]
        if not all(type(part) is list and len(part) == wanted for part in data):
            raise RequestError(
                400, f"input '{name}': 'data' must be flat, or nested as its shape {list(shape)} says"
            )
        data = [item for part in data for item in part]
    return data


def _miscounted(name: str, shape: tuple[int, ...], found: int) -> RequestError:
    return RequestError(
        400, f"input '{name}' of shape {list(shape)} must have {prod(shape)} elements, and has {found}"
    )


def _fits(values: Sequence[Any], datatype: Datatype) -> bool:
    numbers = [value for value in values if value is not None] if None in values else values
    return not numbers or (min(numbers) >= datatype.low and max(numbers) <= datatype.high)
