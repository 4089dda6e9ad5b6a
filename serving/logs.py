"""The form of log lines: text for people, or one JSON object a line for a collector.

A line that is written while a request is answered names it: by the caller's `X-Request-Id`, else by the
prediction's id.
"""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from serving.traces import traced

Form = Literal["text", "json"]
REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is being answered; empty outside of one."""
TRACEPARENT: ContextVar[bytes] = ContextVar("traceparent", default=b"")
"""What W3C's Trace Context tells another server of the request; empty where nothing is traced."""
_TEXT = "%(asctime)s {program}[%(process)d] %(levelname)s %(name)s: %(message)s%(request)s"


def configure(form: str, *, program: str, level: int = logging.WARNING, shows_values: bool = False) -> None:
    """Give this process's root logger its one handler.

    Args:
        form: `json`, or else text.
        program: Who speaks, such as `gateway`.
        level: The least level that is written.
        shows_values: Whether exceptions' messages are written, which may hold values of requests.
    """
    handler = logging.StreamHandler()
    kind = JsonLines if form == "json" else Text
    handler.setFormatter(kind(program, shows_values=shows_values))
    logging.basicConfig(level=level, handlers=[handler], force=True)


class Text(logging.Formatter):
    """Lines for people."""

    def __init__(self, program: str, *, shows_values: bool = False) -> None:
        super().__init__(_TEXT.format(program=program))
        self._shows_values = shows_values

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
        """Write an exception."""
        return traced(ei[1], shows_values=self._shows_values) if ei[1] else ""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; a request's id stands behind the message."""
        request = REQUEST.get()
        record.request = f" (request {request})" if request else ""
        return super().format(record)


class JsonLines(logging.Formatter):
    """One object a line: ts, level, program, process, logger, message; request_id and error where known."""

    def __init__(self, program: str, *, shows_values: bool = False) -> None:
        super().__init__()
        self._program, self._shows_values = program, shows_values

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "program": self._program,
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST.get():
            line["request_id"] = request
        if traceparent := TRACEPARENT.get():
            line["trace_id"] = traceparent[3:35].decode("ascii")
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["traceback"] = traced(record.exc_info[1], shows_values=self._shows_values)
        return orjson.dumps(_plain(line)).decode()


def _plain(line: dict[str, object]) -> dict[str, object]:
    """Texts that UTF-8 can hold: a message may carry half a character."""
    return {
        key: value.encode(errors="replace").decode() if isinstance(value, str) else value
        for key, value in line.items()
    }
