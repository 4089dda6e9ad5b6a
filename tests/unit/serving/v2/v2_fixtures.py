"""Requests of the Open Inference Protocol as a client writes them, in JSON and in bytes."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.protocol.v2.datatypes import DATATYPES
from serving.protocol.v2.request import Request, parse
from serving.protocol.v2.rows import to_table
from serving.scorers.scorer import Table

Given = tuple[str, str, list[int], list[Any]]
"""A tensor's name, datatype, shape and elements."""


def as_json(tensors: Sequence[Given], **more: Any) -> bytes:
    entries = [
        {"name": name, "datatype": datatype, "shape": shape, "data": values}
        for name, datatype, shape, values in tensors
    ]
    return json.dumps({"inputs": entries} | more).encode()


def packed(datatype: str, values: Sequence[Any]) -> bytes:
    if datatype == "BYTES":
        raw = [value if isinstance(value, bytes) else value.encode() for value in values]
        return b"".join(struct.pack("<I", len(value)) + value for value in raw)
    return np.array(values, DATATYPES[datatype].dtype).tobytes()


def as_binary(tensors: Sequence[Given], **more: Any) -> tuple[bytes, bytes]:
    """The body, and the header that says where its JSON ends."""
    blobs = [packed(datatype, values) for _, datatype, _, values in tensors]
    entries = [
        {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(blob)}}
        for (name, datatype, shape, _), blob in zip(tensors, blobs, strict=True)
    ]
    text = json.dumps({"inputs": entries} | more).encode()
    return text + b"".join(blobs), str(len(text)).encode()


def read(tensors: Sequence[Given], *, is_binary: bool = False, **more: Any) -> Request:
    return parse(*(as_binary(tensors, **more) if is_binary else (as_json(tensors, **more), None)))


def rows(tensors: Sequence[Given], columns: Sequence[tuple[str, str]], *, is_binary: bool = False) -> Table:
    return to_table(read(tensors, is_binary=is_binary).tensors, columns)
