"""Compressed bodies: what was packed comes out whole, within the limit, or is refused."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.protocol.errors import RequestError
from serving.scorers.scorer import JSON_HEADERS, Scored
from serving.web.encoding import AT_ONCE_BYTES, MOST_MEMBERS, packed, takes_gzip, unpacked

MAX_BYTES = 1_000_000
PACKERS = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"Deflate ": lambda body: zlib.compress(body, wbits=-15),
    b"identity": bytes,
    b"": bytes,
}


def opened(body: bytes, coding: bytes, max_bytes: int = MAX_BYTES) -> bytes:
    return asyncio.run(unpacked(body, coding, max_bytes))


def refused(body: bytes, coding: bytes = b"gzip", max_bytes: int = MAX_BYTES) -> RequestError:
    with pytest.raises(RequestError) as caught:
        opened(body, coding, max_bytes)
    return caught.value


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("size", [0, 1, 1000, AT_ONCE_BYTES - 1, AT_ONCE_BYTES, AT_ONCE_BYTES + 1, 900_000])
def test_what_was_packed_comes_out(coding: bytes, size: int) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    assert opened(PACKERS[coding](body), coding) == body


@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_a_file_of_several_members_is_their_sum(parts: list[bytes]) -> None:
    assert opened(b"".join(map(gzip.compress, parts)), b"gzip") == b"".join(parts)


def test_a_bomb_is_413_and_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    tracemalloc.start()
    error = refused(bomb)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (error.status, most_bytes < 5 * MAX_BYTES) == (413, True)
    assert str(error) == "the body must be at most 1000000 bytes; send fewer rows a request"


def test_a_body_of_just_the_limit_is_taken() -> None:
    assert len(opened(gzip.compress(b"x" * MAX_BYTES), b"gzip")) == MAX_BYTES
    assert refused(gzip.compress(b"x" * (MAX_BYTES + 1))).status == 413


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
@pytest.mark.parametrize("spoil", [
    lambda body: body[:-1], lambda body: body[:5], lambda body: b"", lambda body: b"plain text",
    lambda body: body + b"x", lambda body: body[:-1] + bytes([body[-1] ^ 1]),
])  # fmt: skip
def test_a_broken_stream_is_400(coding: bytes, spoil: Any) -> None:
    error = refused(spoil(PACKERS[coding](b"some text" * 100)), coding)
    assert error.status == 400
    assert str(error) == f"the body is no whole {coding.decode()} stream, as Content-Encoding says it is"


@given(body=st.binary(max_size=200), coding=st.sampled_from([b"gzip", b"deflate"]))
def test_any_bytes_are_unpacked_or_refused(body: bytes, coding: bytes) -> None:
    try:
        opened(body, coding)
    except RequestError as error:
        assert error.status == 400  # noqa: PT017 - not every body is refused


def test_a_body_of_endless_empty_members_is_refused_soon() -> None:
    started = time.thread_time()
    assert refused(gzip.compress(b"") * (MOST_MEMBERS + 1)).status == 400
    assert time.thread_time() - started < 2


@pytest.mark.parametrize("coding", [b"br", b"gzip, gzip", b"zstd", b"\xff"])
def test_an_unknown_coding_is_415_and_says_which_are_known(coding: bytes) -> None:
    error = refused(b"x", coding)
    assert (error.status, error.headers) == (415, ((b"accept-encoding", b"gzip, deflate, identity"),))
    assert str(error).startswith("Content-Encoding must be gzip, deflate or identity, not '")


@pytest.mark.parametrize(
    ("header", "is_taken"),
    [
        (b"gzip", True), (b"br, GZIP;q=0.5", True), (b"*", True), (b"x-gzip", True), (b"gzip;q=1.0", True),
        (b"", False), (b"identity", False), (b"gzip;q=0", False), (b"*;q=0", False), (b"gzip;q=0, *", False),
        (b"br", False), (b"gzip;q=x", False),
    ],
)  # fmt: skip
def test_who_takes_gzip(header: bytes, is_taken: bool) -> None:
    assert takes_gzip(header) is is_taken


@pytest.mark.parametrize("size", [10_000, 200_000])
def test_an_answer_is_packed_for_who_takes_it(size: int) -> None:
    answer = Scored(b"x" * size, (), [], [], None)
    sent = asyncio.run(packed(answer, {b"accept-encoding": b"gzip"}))
    assert gzip.decompress(sent.body) == answer.body
    assert sent.headers == (*JSON_HEADERS, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))


def test_an_answer_is_left_alone_for_who_does_not() -> None:
    answer = Scored(b"x" * 10_000, (), [], [], None)
    assert asyncio.run(packed(answer, {})) is answer
    assert asyncio.run(packed(answer, {b"accept-encoding": b"br"})) is answer
