"""What a page answers, before any HTTP server knows of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
NOTHING_FOREIGN = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content security of the pages made here: no script at all, nothing from elsewhere."""
SANDBOX = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'"
)
"""Of Evidently's pages: their scripts run, as a stranger's that reaches neither this door nor another."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and more headers."""

    status: str
    body: bytes
    kind: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


def everything(_: str) -> bool:
    """Where nobody is asked who they are."""
    return True


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        method: In capitals.
        path: Percent signs resolved.
        fields: Of the query, or of a form that was sent.
        headers: By name in small letters.
        may_read: Whether who asks may know of a registered model.
    """

    method: str
    path: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    may_read: Callable[[str], bool] = everything


def page(html: str, *, security: str = NOTHING_FOREIGN) -> Answer:
    """A page for people."""
    return Answer("200 OK", html.encode(), HTML, {"Content-Security-Policy": security, **_PRIVATE})


def report(html: bytes) -> Answer:
    """A page of Evidently's."""
    return Answer("200 OK", html, HTML, {"Content-Security-Policy": SANDBOX, **_PRIVATE})


def told(status: str, sentence: str) -> Answer:
    """A sentence."""
    return Answer(status, f"{sentence}\n".encode())


def data(status: str, content: Mapping[str, object] | Sequence[object]) -> Answer:
    """Something for programs."""
    return Answer(status, orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), JSON, _PRIVATE)


def elsewhere(path: str) -> Answer:
    """Another page that a browser goes to."""
    return Answer("303 See Other", b"", TEXT, {"Location": path})


_PRIVATE = {"Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
