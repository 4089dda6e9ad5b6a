"""An answer's bytes: the JSON object, and behind it the tensors that were asked for in binary."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from serving.protocol.errors import RequestError
from serving.protocol.v2.datatypes import DATATYPES
from serving.protocol.v2.outputs import Answered
from serving.protocol.v2.request import HEADER_LENGTH, Output, Request
from serving.scorers.scorer import JSON_HEADERS, Headers

BINARY = (b"content-type", b"application/octet-stream")


def write(name: str, version: str, request: Request, outputs: Sequence[Answered]) -> tuple[bytes, Headers]:
    """Write an answer.

    Args:
        name: The name that was called.
        version: The version that answered.
        request: What was asked.
        outputs: What the model answered.

    Returns:
        The body, and the headers that say how to read it.

    Raises:
        RequestError: 400; an output was asked for that there is not.
    """
    entries: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    for output, is_binary in _chosen(request.outputs, outputs, is_binary=request.is_binary):
        entry: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
        if is_binary:
            blobs.append(_bytes(output))
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = output.values
        entries.append(entry)
    table: dict[str, Any] = {"model_name": name, "model_version": version}
    if request.id is not None:
        table["id"] = request.id
    table["outputs"] = entries
    text = orjson.dumps(table)
    if not blobs:
        return text, JSON_HEADERS
    return b"".join((text, *blobs)), (BINARY, (HEADER_LENGTH, b"%d" % len(text)))


def _chosen(
    wanted: Sequence[Output] | None, outputs: Sequence[Answered], *, is_binary: bool
) -> list[tuple[Answered, bool]]:
    if wanted is None:
        return [(output, is_binary) for output in outputs]
    by_name = {output.name: output for output in outputs}
    for output in wanted:
        if output.name not in by_name:
            raise RequestError(
                400, f"there is no output '{output.name[:64]}'; this model answers {', '.join(by_name)}"
            )
    return [(by_name[output.name], output.is_binary) for output in wanted]


def _bytes(output: Answered) -> bytes:
    if output.datatype != "BYTES":
        return np.array(output.values, DATATYPES[output.datatype].dtype).tobytes()
    texts = [b"" if value is None else value.encode() for value in output.values]
    return b"".join(part for text in texts for part in (len(text).to_bytes(4, "little"), text))
