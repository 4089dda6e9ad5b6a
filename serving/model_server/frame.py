"""A scored request as one block of bytes, which the gateway splices into its log without reading it.

    magic | rows answered | lengths of the five parts | columns rows predictions probabilities headers | body

The parts are JSON as the prediction log writes it; the body is the answer's, as it goes to the caller.
"""

import struct
from functools import lru_cache

import orjson

from serving.prediction_log.record import encode_part
from serving.scorers.scorer import JSON_HEADERS, Headers, Scored

MEDIA_TYPE = b"application/vnd.penstock.scored"
TABLE_TYPE = b"application/vnd.penstock.table"
"""A request's rows as a protocol has read them, before the signature is enforced."""

MAGIC = b"PSC1"
_HEAD = struct.Struct("<4sIIIIII")


class FrameError(ValueError):
    """Bytes that are no frame; the message says why."""


def pack(scored: Scored) -> bytes:
    """The block of an answer."""
    parts = (
        orjson.dumps(scored.columns),
        encode_part(scored.rows),
        encode_part(scored.predictions),
        encode_part(scored.probabilities),
        b""
        if scored.headers is JSON_HEADERS
        else orjson.dumps(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scored.headers]
        ),
    )
    return b"".join((_HEAD.pack(MAGIC, scored.count, *map(len, parts)), *parts, scored.body))


def unpack(frame: bytes) -> Scored:
    """The answer in a block.

    Raises:
        FrameError: The bytes are no whole block, or would break the log's lines.
    """
    if len(frame) < _HEAD.size:
        raise FrameError(f"a frame has at least {_HEAD.size} bytes, this one {len(frame)}")
    magic, count, *lengths = _HEAD.unpack_from(frame)
    at = _HEAD.size
    end = at + sum(lengths)
    if magic != MAGIC or end > len(frame):
        raise FrameError("the bytes are no whole frame")
    if frame.find(b"\n", at, end) >= 0:
        raise FrameError("a frame's parts must be JSON on one line")
    parts = []
    for length in lengths:
        parts.append(frame[at : at + length])
        at += length
    columns, rows, predictions, probabilities, headers = parts
    return Scored(
        frame[end:],
        _columns(columns),
        orjson.Fragment(rows),
        orjson.Fragment(predictions),
        None if probabilities == b"null" else orjson.Fragment(probabilities),
        _headers(headers) if headers else JSON_HEADERS,
        count,
    )


@lru_cache(maxsize=1024)
def _columns(part: bytes) -> tuple[str, ...]:
    try:
        return tuple(orjson.loads(part))
    except (orjson.JSONDecodeError, TypeError) as error:
        raise FrameError("a frame's columns must be a list of names") from error


@lru_cache(maxsize=64)
def _headers(part: bytes) -> Headers:
    try:
        return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in orjson.loads(part))
    except (orjson.JSONDecodeError, TypeError, ValueError, AttributeError) as error:
        raise FrameError("a frame's headers must be pairs of texts") from error
