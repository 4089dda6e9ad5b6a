"""A slow model called at three times what it can answer, beside a fast one.

The load is open: requests are sent at their times whether or not the ones before are answered. What counts:
the latency of the fast model stays near its own, what is accepted of the slow one is in time, and the others
are told at once to come later.
"""

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mlflow import MlflowClient

from tests.benchmarks.gateways import gateway
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.gateway_fixtures import BODY
from tests.service.gateway_models import register, register_slow

FAST, SLOW = "fair-fast", "fair-slow"
SLOW_S, THREADS, LIMIT_S = 0.05, 2, 2.0
FAST_PER_S = 200.0
OVERLOAD = 3.0


@dataclass
class Seen:
    """What came back for one model: latencies in milliseconds by status."""

    answers: dict[int, list[float]] = field(default_factory=dict)

    def took(self, status: int, spent_s: float) -> None:
        """Note one answer."""
        self.answers.setdefault(status, []).append(spent_s * 1e3)

    def quantile(self, status: int, share: float) -> float:
        """A quantile of the latencies with a status."""
        found = sorted(self.answers.get(status, [0.0]))
        return found[min(len(found) - 1, int(share * len(found)))]

    @property
    def counts(self) -> Counter[int]:
        """Answers by status."""
        return Counter({status: len(spent) for status, spent in self.answers.items()})


class Client:
    """Sends requests at a steady rate over connections that it keeps."""

    def __init__(self, address: str, model: str) -> None:
        place = urlsplit(address)
        self._host, self._port, self.seen = str(place.hostname), int(place.port or 80), Seen()
        head = f"POST /models/{model}/invocations HTTP/1.1\r\nHost: {self._host}\r\n"
        sent = f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        self._request = (head + sent).encode() + BODY
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def run(self, per_s: float, seconds: float) -> None:
        """Send for a while, then wait for what is open."""
        loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        started = loop.time()
        for number in range(int(per_s * seconds)):
            await asyncio.sleep(max(0.0, started + number / per_s - loop.time()))
            tasks.add(asyncio.create_task(self._one()))
        await asyncio.gather(*tasks)
        for _, writer in self._idle:
            writer.close()

    async def _one(self) -> None:
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        )
        began = time.perf_counter()
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        self.seen.took(int(head.split(b" ", 2)[1]), time.perf_counter() - began)
        self._idle.append((reader, writer))


async def measure(address: str, seconds: float, *, with_slow: bool) -> tuple[Seen, Seen]:
    """Load the fast model, and the slow one beside it if told."""
    fast, slow = Client(address, FAST), Client(address, SLOW)
    loads = [fast.run(FAST_PER_S, seconds)]
    if with_slow:
        loads.append(slow.run(OVERLOAD * THREADS / SLOW_S, seconds))
    await asyncio.gather(*loads)
    return fast.seen, slow.seen


def main(*, full: bool = False) -> str:
    """Measure alone and beside in turn: 5 rounds of 8 s with `full`, else 3 of 4 s."""
    rounds, seconds = (5, 8.0) if full else (3, 4.0)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        version = register(server.uri, FAST, label="yes")
        MlflowClient(server.uri).transition_model_version_stage(FAST, version, "Production")
        register_slow(server.uri, SLOW, seconds=SLOW_S)
        settings = {"gateway_threads": THREADS, "gateway_time_limit_s": LIMIT_S}
        address = stack.enter_context(gateway(server.uri, root, **settings))
        until_loaded(address)
        runs = []
        for _ in range(rounds):
            alone, _ = asyncio.run(measure(address, seconds, with_slow=False))
            beside, slow = asyncio.run(measure(address, seconds, with_slow=True))
            runs.append((alone, beside, slow))
        return _table(runs)


def until_loaded(address: str) -> None:
    """Wait until both models answer."""
    for _ in range(200):
        fast, slow = asyncio.run(measure(address, 0.05, with_slow=True))
        if set(fast.counts) == {200} and set(slow.counts) <= {200, 429}:
            return
        time.sleep(0.2)
    raise SystemExit("the models did not come up")


def _table(runs: list[tuple[Seen, Seen, Seen]]) -> str:
    def middle(place: int, status: int, share: float) -> float:
        return statistics.median(run[place].quantile(status, share) for run in runs)

    counts = sum((run[2].counts for run in runs), Counter())
    refused = counts[429] / max(1, counts.total())
    others = {status: count for status, count in counts.items() if status not in (200, 429)}
    fast_others = sum((run[1].counts for run in runs), Counter())
    return "\n".join(
        [
            f"fast model alone    p50 {middle(0, 200, 0.5):.2f} ms, p99 {middle(0, 200, 0.99):.2f} ms",
            (
                f"  beside the slow   p50 {middle(1, 200, 0.5):.2f} ms, p99 {middle(1, 200, 0.99):.2f} ms, "
                f"answers {dict(fast_others)}"
            ),
            (
                f"slow model, {OVERLOAD:g} times too many: accepted p50 {middle(2, 200, 0.5):.0f} ms, "
                f"p99 {middle(2, 200, 0.99):.0f} ms of {LIMIT_S * 1e3:.0f} ms"
            ),
            (
                f"  refused {refused:.0%} with 429, p50 {middle(2, 429, 0.5):.2f} ms, "
                f"p99 {middle(2, 429, 0.99):.2f} ms; other statuses {others}"
            ),
        ]
    )
