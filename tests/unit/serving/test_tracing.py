"""Requests' traces reach a collector, as the caller's trace or the share says, and delay nobody."""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from serving.logs import REQUEST, TRACEPARENT, JsonLines
from serving.protocol.errors import RequestError
from serving.protocol.media import JSON
from serving.scorers.forwarding import ForwardingScorer
from serving.settings import Settings, SettingsError
from serving.tracing import Sink, Tracing, check_tracing, make_tracing
from serving.upstream.connection import Answer
from serving.web.asgi import Exchange
from tests.unit.serving.collector import Collector, attributes, running_collector
from tests.unit.serving.test_invocations import Constant, Scene

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.traces: list[Any] = []

    def put(self, trace: Any) -> None:
        self.traces.append(trace)

    def close(self) -> None:
        pass


def ask(tracing: Tracing, scorer: Constant | None = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    async def run() -> Any:
        return await Scene(scorer or Constant(), tracing=tracing).call(**headers)

    return asyncio.run(run())


def begun(tracing: Tracing, *given: str) -> tuple[Any, bytes]:
    """Whether a trace begins, and what the request tells other servers."""

    async def run() -> Any:
        http = Exchange({"headers": [(b"traceparent", value.encode()) for value in given]}, None, None)  # type: ignore[arg-type]
        return tracing.begin(http)[0], TRACEPARENT.get()

    return asyncio.run(run())


def test_a_collector_gets_the_request_and_its_steps_in_the_callers_trace(collector: Collector) -> None:
    tracing = make_tracing(Settings(traces_endpoint=collector.endpoint))
    assert tracing is not None
    _, headers, _ = ask(tracing, traceparent=GIVEN)
    tracing.close()
    spans = {span.name: span for span in collector.wait_for(5)}
    assert set(spans) == {"POST /models/{name}/invocations", "read", "score", "log", "answer"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    whole = spans.pop("POST /models/{name}/invocations")
    assert whole.parent_span_id.hex() == SPAN
    assert {span.parent_span_id for span in spans.values()} == {whole.span_id}
    assert attributes(whole) == {
        "http.request.method": "POST",
        "http.route": "/models/{name}/invocations",
        "http.response.status_code": 200,
        "penstock.model": "m",
        "penstock.version": "1",
        "penstock.variant": "champion",
        "penstock.rows": 1,
        "penstock.prediction_id": headers["x-prediction-id"],
    }
    assert collector.services == {"penstock-gateway"}


def test_steps_follow_each_other_within_the_request() -> None:
    kept = Kept()
    ask(Tracing(kept, 1.0), Constant(lambda: time.sleep(0.02)))  # type: ignore[arg-type]
    trace = kept.traces[0]
    assert [step.name for step in trace.steps] == ["read", "score", "log", "answer"]
    times = [trace.start_ns, *(time_ns for step in trace.steps for time_ns in step[1:]), trace.end_ns]
    assert times == sorted(times)
    assert trace.steps[1].end_ns - trace.steps[1].start_ns >= 20e6


def test_a_refusal_tells_its_status() -> None:
    kept = Kept()
    status, _, _ = ask(Tracing(kept, 1.0), content_length="100000")  # type: ignore[arg-type]
    assert status == 413
    assert kept.traces[0].attributes["http.response.status_code"] == 413
    assert "penstock.model" not in kept.traces[0].attributes


def test_a_models_fault_is_an_error_span_with_its_version(collector: Collector) -> None:
    tracing = Tracing(Sink(collector.endpoint), 1.0)
    ask(tracing, Constant(lambda: 1 / 0))
    tracing.close()
    whole = next(span for span in collector.wait_for(4) if span.name.startswith("POST"))
    assert whole.status.code == 2
    assert attributes(whole)["penstock.version"] == "1"
    assert attributes(whole)["http.response.status_code"] == 500


@pytest.mark.parametrize("share", [1.0, 1e-9])
def test_the_caller_decides_whether_its_request_is_traced(share: float) -> None:
    tracing = Tracing(Kept(), share)  # type: ignore[arg-type]
    assert begun(tracing, GIVEN)[0] is not None
    trace, told = begun(tracing, GIVEN[:-1] + "0")
    assert trace is None
    assert told.decode() == f"00-{TRACE}-{SPAN}-00"


def test_the_share_decides_for_all_others() -> None:
    tracing = Tracing(Kept(), 0.3)  # type: ignore[arg-type]
    traced = sum(begun(tracing)[0] is not None for _ in range(1000))
    assert 220 < traced < 380


def test_other_servers_are_told_of_our_own_span() -> None:
    trace, told = begun(Tracing(Kept(), 1.0), GIVEN)  # type: ignore[arg-type]
    assert told.decode() == f"00-{TRACE}-{trace.span_id:016x}-01"


@pytest.mark.parametrize(
    "value",
    [
        "", "nonsense", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01", f"{GIVEN}-more", f"00-{TRACE[:-1]}-{SPAN}-01", f"{GIVEN}\r\n",
    ],
)  # fmt: skip
def test_a_traceparent_that_is_none_begins_a_trace_of_its_own(value: str) -> None:
    trace, _ = begun(Tracing(Kept(), 1.0), value)  # type: ignore[arg-type]
    assert trace.parent is None
    assert trace.trace_id != int(TRACE, 16)


def test_a_later_version_of_the_header_may_say_more() -> None:
    trace, _ = begun(Tracing(Kept(), 1.0), f"01-{TRACE}-{SPAN}-01-more")  # type: ignore[arg-type]
    assert trace.trace_id == int(TRACE, 16)


def test_a_model_server_is_told_of_the_trace() -> None:
    heads: list[bytes] = []

    async def ask_server(line: bytes, head: bytes, body: bytes, left_s: float) -> Answer:
        heads.append(head)
        return Answer(503, {}, b"")

    scorer = ForwardingScorer("m", "1", "a", ask=ask_server, columns=(), kind="plan")

    async def run() -> None:
        begun = scorer.begin(b"{}", JSON)
        with pytest.raises(RequestError):
            await begun.answer(1.0)
        TRACEPARENT.set(GIVEN.encode())
        with pytest.raises(RequestError):
            await begun.answer(1.0)

    asyncio.run(run())
    assert b"traceparent" not in heads[0]
    assert f"\r\ntraceparent: {GIVEN}\r\n".encode() in heads[1]


def test_a_collector_that_is_away_delays_nobody(
    free_port: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr("serving.tracing.EXPORT_S", 60.0)
    tracing = make_tracing(Settings(traces_endpoint=f"http://127.0.0.1:{free_port()}"))
    assert tracing is not None
    started = time.perf_counter()
    assert [ask(tracing)[0] for _ in range(20)] == [200] * 20
    assert time.perf_counter() - started < 20
    started = time.perf_counter()
    tracing.close()
    assert time.perf_counter() - started < 20


def test_a_json_log_line_names_the_trace() -> None:
    record = logging.LogRecord("serving", logging.WARNING, __file__, 1, "slow", (), None)
    told, request = TRACEPARENT.set(GIVEN.encode()), REQUEST.set("r-1")
    try:
        line = json.loads(JsonLines("gateway").format(record))
    finally:
        TRACEPARENT.reset(told)
        REQUEST.reset(request)
    assert line["trace_id"] == TRACE


def test_a_json_log_line_without_a_trace_names_none() -> None:
    record = logging.LogRecord("serving", logging.WARNING, __file__, 1, "slow", (), None)
    assert "trace_id" not in json.loads(JsonLines("gateway").format(record))


def test_off_means_that_nothing_is_imported() -> None:
    code = (
        "import sys; from serving.settings import Settings; from serving.tracing import *; "
        "check_tracing(Settings()); assert make_tracing(Settings()) is None; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"'traces_endpoint' must be the OTLP/HTTP address .*, not 'here'"
    ):
        check_tracing(Settings(traces_endpoint="here"))


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: Any) -> None:
    monkeypatch.setattr("serving.tracing.LIBRARIES", ("opentelemetry_that_is_not_there.sdk",))
    with pytest.raises(SettingsError, match="not installed; pip install opentelemetry-sdk"):
        check_tracing(Settings(traces_endpoint="http://127.0.0.1:4318"))
