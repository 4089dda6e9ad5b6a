"""A form with one file, read as it comes: fields are kept, the file goes piece by piece where it belongs.

The parts may stand in any order. Nothing of the file is held in memory but the piece that is being written.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import python_multipart
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import parse_options_header

from penstock.api import errors
from penstock.problems import BadRequest
from projects.hints import did_you_mean

PIECE_BYTES = 1 << 20
"""How much is parsed and written at once, in a thread."""
LONGEST_FIELD = 4096
SLOWEST_BYTES_PER_S = 4096
SLOW_S = 60.0
"""For how long a body may come more slowly than that."""
MOST_PARTS = 16


@dataclass
class Form:
    """What a form held.

    Attributes:
        fields: The fields' texts.
        file_name: What the file is called at home; None where no file came.
    """

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None


class FormReader:
    """Reads one form.

    Args:
        content_type: The request's.
        known: The fields that it may have, beside `file`.
        write: Takes the file's pieces.

    Raises:
        Problem: It is no such form.
    """

    def __init__(self, content_type: str, known: Mapping[str, str], write: Callable[[bytes], None]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            came = f"not {content_type[:60]!r}" if content_type else "and none came"
            sentence = f"the content type 'multipart/form-data' was wanted, {came}; send the file as a form's"
            raise errors.refusal(415, "wrong_content_type", f"{sentence} field 'file'")
        self.form, self._known, self._write = Form(), known, write
        self._parts, self._is_over = 0, False
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._name, self._text = "", bytearray()
        try:
            self._parser = python_multipart.MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise _broken() from error

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body.

        Raises:
            Problem: The form is broken, has what it may not have, or the file is refused.
        """
        try:
            self._parser.write(piece)
        except MultipartParseError as error:
            raise _broken() from error

    def done(self) -> Form:
        """The form, after the last piece.

        Raises:
            BadRequest: It ended too early, or has no file.
        """
        if not self._is_over:
            raise _broken()
        if self.form.file_name is None:
            raise BadRequest("the form has no file; send it as the field 'file', with its name")
        return self.form

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadRequest(f"the form has more than {MOST_PARTS} parts; send one file and its fields")
        self._headers, self._text = {}, bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = _text(options.get(b"name", b""))
        if self._name == "file":
            if self.form.file_name is not None:
                raise BadRequest("the form has more than one file; send one at a time")
            self.form.file_name = _text(options.get(b"filename", b"")) or "data"
        elif self._name not in self._known:
            known = ["file", *self._known]
            raise BadRequest(
                f"there is no field {self._name[:60]!r}; {did_you_mean(self._name[:60], known)}",
                code="unknown_field",
            )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == "file":
            self._write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > LONGEST_FIELD:
            raise BadRequest(f"{self._name} is longer than {LONGEST_FIELD} bytes; send a shorter one")

    def _on_part_end(self) -> None:
        if self._name != "file":
            text = _text(bytes(self._text))
            if "\0" in text:
                raise BadRequest(f"{self._name} holds the character NUL, which nothing here can keep")
            self.form.fields[self._name] = text

    def _on_end(self) -> None:
        self._is_over = True


async def read_form(request: Request, known: Mapping[str, str], write: Callable[[bytes], None]) -> Form:
    """Read a request's form.

    Args:
        request: The request, whose body nobody has read.
        known: The fields that it may have, beside `file`.
        write: Takes the file's pieces, in a thread.

    Raises:
        Problem: It is no such form, or the file is refused.
        starlette.requests.ClientDisconnect: The client is gone.
    """
    reader = FormReader(request.headers.get("content-type", ""), known, write)
    async for piece in _pieces(request):
        await run_in_threadpool(reader.feed, piece)
    return reader.done()


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Give the body in larger pieces than those that came: a thread is asked once for each."""
    piece = bytearray()
    async for part in _in_time(request.stream()):
        piece += part
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece = bytearray()
    if piece:
        yield bytes(piece)


async def _in_time(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give the parts as they come, as long as they come; only the time spent waiting for them counts.

    Raises:
        Problem: The caller is too slow.
    """
    left_s = SLOW_S
    while True:
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(left_s):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise errors.refusal(
                408, "slow_body", f"the body comes more slowly than {SLOWEST_BYTES_PER_S:,} bytes a second;"
                " send it again over a better line",
            ) from error  # fmt: skip
        left_s = min(SLOW_S, left_s - (time.monotonic() - begun_s) + len(part) / SLOWEST_BYTES_PER_S)
        yield part


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _broken() -> BadRequest:
    return BadRequest("the form is broken or ends too early; send it again", code="broken_form")
