"""Traces of requests for a collector of OpenTelemetry's, over OTLP/HTTP; off unless it is set.

    begin -> steps (read, score, log, answer) -> end -> the exporter's queue | its thread: spans -> collector

A request only notes when its steps began. The spans are made of that in the exporter's thread; what its queue
cannot hold is dropped, and a collector that is away is waited for by that thread alone. A caller's W3C
`traceparent` decides whether its request is traced, else the share does; it is passed on to model servers.
"""

import random
import re
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from serving.logs import TRACEPARENT
from serving.settings import Settings, SettingsError
from serving.web.asgi import Exchange, Message, Send

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

    from serving.registry.table import Lane

HEADER = b"traceparent"
GIVEN = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 1
PATHS = {False: "/models/{name}/invocations", True: "/v2/models/{name}/infer"}
STANDARD_PATH = "/v1/traces"
EXPORT_S, END_S = 10.0, 2.0
LIBRARIES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


class Parent(NamedTuple):
    """The caller's span."""

    trace_id: int
    span_id: int
    is_sampled: bool


class Step(NamedTuple):
    """A part of a request; times in nanoseconds since 1970."""

    name: str
    start_ns: int
    end_ns: int


class Trace:
    """One request under way. For one task.

    Attributes:
        steps: What was done, in order.
        status: Of the answer; None where none was sent.
    """

    __slots__ = (
        "_began_ns", "_lane", "_prediction_id", "_rows", "_sink", "_step", "end_ns", "parent", "path",
        "span_id", "start_ns", "status", "steps", "trace_id",
    )  # fmt: skip

    def __init__(self, trace_id: int, parent: Parent | None, path: str, sink: "Sink") -> None:
        self.trace_id, self.parent, self.path = trace_id, parent, path
        self.span_id = random.getrandbits(64) or 1
        self.steps: list[Step] = []
        self.status: int | None = None
        self.start_ns = self.end_ns = self._began_ns = time.time_ns()
        self._sink, self._step = sink, ""
        self._lane: Lane | None = None
        self._rows, self._prediction_id = 0, ""

    def step(self, name: str) -> None:
        """End the last step and begin another; an empty name begins none."""
        now = time.time_ns()
        if self._step:
            self.steps.append(Step(self._step, self._began_ns, now))
        self._step, self._began_ns = name, now

    def routed(self, lane: "Lane", prediction_id: str) -> None:
        """Note who shall answer; the body is read next."""
        self._lane, self._prediction_id = lane, prediction_id
        self.step("read")

    def scored(self, lane: "Lane", rows: int) -> None:
        """Note who has answered; the answer is logged next."""
        self._lane, self._rows = lane, rows
        self.step("log")

    def end(self) -> None:
        """Hand it over to the exporter."""
        self.step("")
        self.end_ns = self._began_ns
        self._sink.put(self)

    def watched(self, send: Send) -> Send:
        """Note when an answer is sent, and its status."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.step("answer")
            await send(message)

        return sending

    @property
    def attributes(self) -> dict[str, Any]:
        """What the request's span tells, with no values of features."""
        found: dict[str, Any] = {"http.request.method": "POST", "http.route": self.path}
        if self.status is not None:
            found["http.response.status_code"] = self.status
        if self._lane is not None:
            found |= {
                "penstock.model": self._lane.held.model,
                "penstock.version": self._lane.held.version,
                "penstock.variant": self._lane.variant,
                "penstock.rows": self._rows,
                "penstock.prediction_id": self._prediction_id,
            }
        return found


class Tracing:
    """Begins traces. For one event loop.

    Args:
        sink: Where they go.
        share: The share of requests without a caller's trace that is traced.
    """

    def __init__(self, sink: "Sink", share: float) -> None:
        self._sink, self._share = sink, share

    def begin(self, http: Exchange) -> tuple[Trace | None, Exchange]:
        """Begin a request's trace, if it is to have one; and watch what is answered."""
        parent = _parent(http)
        if parent is None and random.random() >= self._share:  # noqa: S311 - no secret
            return None, http
        if parent is not None and not parent.is_sampled:
            TRACEPARENT.set(_line(parent.trace_id, parent.span_id, 0))
            return None, http
        trace_id = parent.trace_id if parent is not None else random.getrandbits(128) or 1
        trace = Trace(trace_id, parent, PATHS[http.scope.get("path", "").startswith("/v2/")], self._sink)
        TRACEPARENT.set(_line(trace_id, trace.span_id, SAMPLED))
        return trace, Exchange(http.scope, http.receive, trace.watched(http.send))

    def close(self) -> None:
        """Send what waits, briefly."""
        self._sink.close()


def make_tracing(settings: Settings) -> Tracing | None:
    """One worker's tracing by the settings; None if it is off, and then nothing is imported."""
    if not settings.traces_endpoint:
        return None
    return Tracing(Sink(settings.traces_endpoint), settings.traces_share)


def check_tracing(settings: Settings) -> None:
    """Refuse a collector's address that is none, and tracing without its libraries.

    Raises:
        SettingsError: What to set or install.
    """
    address = settings.traces_endpoint
    if not address:
        return
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        raise SettingsError(
            "'traces_endpoint' must be the OTLP/HTTP address of a collector, such as "
            f"http://127.0.0.1:4318/v1/traces, not '{address}'"
        )
    if not all(map(_is_installed, LIBRARIES)):
        raise SettingsError(
            "'traces_endpoint' is set, but OpenTelemetry is not installed; pip install opentelemetry-sdk "
            "opentelemetry-exporter-otlp-proto-http, or leave the setting empty"
        )


class Sink:
    """OpenTelemetry's queue and the thread that empties it. Safe to call from several threads.

    Args:
        endpoint: The collector's OTLP/HTTP address; without a path the standard's is meant.
    """

    def __init__(self, endpoint: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        address = endpoint if urlsplit(endpoint).path.strip("/") else endpoint.rstrip("/") + STANDARD_PATH
        self._exporter = Exporter(OTLPSpanExporter(address, timeout=EXPORT_S))
        # The processor looks at nothing of what it queues but whether it is sampled.
        self._processor = BatchSpanProcessor(self._exporter)  # type: ignore[arg-type]

    def put(self, trace: Trace) -> None:
        """Queue an ended trace, or drop the oldest one."""
        self._processor.on_end(Queued(trace))  # type: ignore[arg-type]

    def close(self) -> None:
        """Send what waits, for a short while; a daemon thread may go on."""
        ending = threading.Thread(target=self._processor.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(END_S)


class _Flags(NamedTuple):
    sampled: bool = True


class _Context(NamedTuple):
    trace_flags: _Flags = _Flags()


class Queued(NamedTuple):
    """A trace as the queue takes it."""

    trace: Trace
    context: _Context = _Context()


class Exporter:
    """Makes spans of traces and has them sent; called by the queue's thread alone."""

    def __init__(self, sender: "SpanExporter") -> None:
        from opentelemetry.sdk.resources import Resource

        self._sender = sender
        self._resource = Resource.create({"service.name": "penstock-gateway"})

    def export(self, batch: Sequence[Queued]) -> Any:
        """Send a batch."""
        return self._sender.export([span for queued in batch for span in self._spans(queued.trace)])

    def shutdown(self) -> None:
        """Send no more."""
        self._sender.shutdown()

    def _spans(self, trace: Trace) -> "list[ReadableSpan]":
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

        def context(span_id: int, *, is_remote: bool = False) -> SpanContext:
            return SpanContext(trace.trace_id, span_id, is_remote, TraceFlags(SAMPLED))

        own, parent = context(trace.span_id), trace.parent
        is_failed = trace.status is None or trace.status >= 500
        whole = ReadableSpan(
            f"POST {trace.path}",
            own,
            None if parent is None else context(parent.span_id, is_remote=True),
            self._resource,
            trace.attributes,
            kind=SpanKind.SERVER,
            status=Status(StatusCode.ERROR if is_failed else StatusCode.UNSET),
            start_time=trace.start_ns,
            end_time=trace.end_ns,
        )
        steps = [
            ReadableSpan(
                step.name,
                context(random.getrandbits(64) or 1),
                own,
                self._resource,
                {},
                start_time=step.start_ns,
                end_time=step.end_ns,
            )
            for step in trace.steps
        ]
        return [whole, *steps]


def _parent(http: Exchange) -> Parent | None:
    for name, value in http.scope["headers"]:
        if name == HEADER:
            given = GIVEN.fullmatch(value)
            if given is None or (value.startswith(b"00") and given[4]):
                return None
            return Parent(int(given[1], 16), int(given[2], 16), bool(int(given[3], 16) & SAMPLED))
    return None


def _line(trace_id_: int, span_id: int, flags: int) -> bytes:
    return b"00-%032x-%016x-%02x" % (trace_id_, span_id, flags)


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:
        return False
