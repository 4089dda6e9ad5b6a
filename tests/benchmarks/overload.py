"""Three times what a model can answer: who is accepted is in time, the others hear at once to come later.

One worker. Capacity is what 16 closed connections get; then requests come at three times that rate, in an
open load. A model that answers in microseconds is called at a low rate alone and beside the overloaded one.
"""

import asyncio
import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import gateway
from tests.benchmarks.open_loop import Client, Seen, wait_until_answering
from tests.benchmarks.wrk import load
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.gateway_fixtures import BODY
from tests.service.gateway_models import register, register_slow

FAST, SLOW = "overload-fast", "overload-pyfunc"
SLOW_S, LIMIT_S, FAST_PER_S, TIMES = 0.02, 2.0, 100.0, 3.0
ROWS, CONNECTIONS = 100, 16


@dataclass(frozen=True)
class Case:
    """A model that is asked for too much."""

    title: str
    model: str
    body: bytes


@dataclass(frozen=True)
class Round:
    """One measurement: the fast model alone and beside, and the overloaded one."""

    alone: Seen
    beside: Seen
    over: Seen


def main(*, full: bool = False) -> str:
    """Overload a plan and a pyfunc: 5 rounds of 8 s with `full`, else 3 of 4 s."""
    rounds, seconds = (5, 8.0) if full else (3, 4.0)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        cases = _registered(server.uri)
        address = stack.enter_context(gateway(server.uri, root, gateway_time_limit_s=LIMIT_S))
        for name, body in ((FAST, BODY), *((case.model, case.body) for case in cases)):
            wait_until_answering(address, name, body)
        return "\n\n".join(_measured(address, root, case, rounds, seconds) for case in cases)


def _registered(uri: str) -> tuple[Case, ...]:
    version = register(uri, FAST, label="yes")
    MlflowClient(uri).transition_model_version_stage(FAST, version, "Production")
    fitted = models.big_forest(200_000)
    models.register(uri, fitted)
    register_slow(uri, SLOW, seconds=SLOW_S)
    rows = models.bodies(fitted, rows=ROWS, requests=1)[0].encode()
    return (
        Case(f"a plan (a forest of 200,000 nodes), {ROWS} rows a request", fitted.name, rows),
        Case(f"a pyfunc that waits {SLOW_S * 1e3:.0f} ms", SLOW, BODY),
    )


def _measured(address: str, root: Path, case: Case, rounds: int, seconds: float) -> str:
    bodies = root / f"{case.model}.jsonl"
    bodies.write_bytes(case.body)
    path = f"/models/{case.model}/invocations"
    capacity = load(address, path, bodies, connections=CONNECTIONS, seconds=int(seconds))
    if capacity.failed:
        raise SystemExit(f"{case.title}: {capacity.failed} requests failed below capacity")
    per_s = TIMES * capacity.requests_per_s
    found = [asyncio.run(_round(address, case, per_s, seconds)) for _ in range(rounds)]
    return _table(case, capacity.requests_per_s, found)


async def _round(address: str, case: Case, per_s: float, seconds: float) -> Round:
    fast, over = Client(address, FAST, BODY), Client(address, case.model, case.body)
    alone = await fast.run(FAST_PER_S, seconds)
    beside, overloaded = await asyncio.gather(fast.run(FAST_PER_S, seconds), over.run(per_s, seconds))
    return Round(alone, beside, overloaded)


def _table(case: Case, capacity: float, rounds: Sequence[Round]) -> str:
    over, alone, beside = ([getattr(found, name) for found in rounds] for name in ("over", "alone", "beside"))
    counts = _counts(over)
    others = {status: count for status, count in counts.items() if status not in (200, 429)}
    fast = {status: count for status, count in _counts([*alone, *beside]).items() if status != 200}
    rates = f"capacity {capacity:.0f}/s, asked for {TIMES * capacity:.0f}/s"
    return "\n".join(
        [
            f"{case.title}: {rates}; medians of {len(rounds)} rounds",
            f"sent late by     p50 {_late(over, 0.5):8.2f} ms, p99 {_late(over, 0.99):8.2f} ms",
            f"accepted    {counts[200] / counts.total():4.0%} {_line(over, 200)} of {LIMIT_S * 1e3:.0f} ms",
            f"429         {counts[429] / counts.total():4.0%} {_line(over, 429)}; others {others or 'none'}",
            f"fast, alone      {_line(alone, 200)}",
            f"fast, beside     {_line(beside, 200)}; not answered with 200: {fast or 'none'}",
        ]
    )


def _line(runs: Sequence[Seen], status: int) -> str:
    return f"p50 {_middle(runs, status, 0.5):8.2f} ms, p99 {_middle(runs, status, 0.99):8.2f} ms"


def _late(runs: Sequence[Seen], share: float) -> float:
    return statistics.median(sorted(run.late_ms)[int(share * (len(run.late_ms) - 1))] for run in runs)


def _middle(runs: Sequence[Seen], status: int, share: float) -> float:
    return statistics.median(run.quantile(status, share) for run in runs)


def _counts(runs: Sequence[Seen]) -> Counter[int]:
    return sum((run.counts for run in runs), Counter())
