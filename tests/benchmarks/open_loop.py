"""An open load: requests are sent at their times, whether or not the ones before are answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

LOST = 0
"""The status of a request whose connection ended without an answer."""


class Sent(NamedTuple):
    """One request: when it was sent, from the load's beginning, what became of it, and how soon."""

    at_s: float
    status: int
    spent_s: float


@dataclass
class Seen:
    """What came back.

    Attributes:
        answers: Latencies in milliseconds by status, from the time at which a request was due.
        late_ms: How late each request was sent: the client's own fault.
        sent: Every request that was sent, in the order of its answer.
    """

    answers: dict[int, list[float]] = field(default_factory=dict)
    late_ms: list[float] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def took(self, status: int, spent_s: float) -> None:
        """Note one answer."""
        self.answers.setdefault(status, []).append(spent_s * 1e3)

    def quantile(self, status: int, share: float) -> float:
        """A quantile of the latencies with a status; not a number where there are none."""
        found = sorted(self.answers.get(status, ())) or [float("nan")]
        return found[min(len(found) - 1, int(share * len(found)))]

    @property
    def counts(self) -> Counter[int]:
        """Answers by status."""
        return Counter({status: len(spent) for status, spent in self.answers.items()})


class Client:
    """Sends one request again and again at a steady rate, over connections that it keeps.

    Args:
        address: The gateway.
        model: The called name.
        body: What is sent, as JSON.
    """

    def __init__(self, address: str, model: str, body: bytes) -> None:
        place, self.model = urlsplit(address), model
        self._host, self._port = str(place.hostname), int(place.port or 80)
        head = f"POST /models/{model}/invocations HTTP/1.1\r\nHost: {self._host}\r\n"
        sent = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._request = (head + sent).encode() + body
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def run(self, per_s: float, seconds: float) -> Seen:
        """Send for a while, then wait for what is open."""
        return await self.at([number / per_s for number in range(max(1, int(per_s * seconds)))])

    async def at(self, times_s: Sequence[float]) -> Seen:
        """Send at times from now on, then wait for what is open."""
        loop, tasks, seen = asyncio.get_running_loop(), set[asyncio.Task[None]](), Seen()
        started = loop.time()
        for time_s in times_s:
            due = started + time_s
            if (early_s := due - loop.time()) > 0:
                await asyncio.sleep(early_s)
            tasks.add(asyncio.create_task(self._one(seen, started, due)))
        await asyncio.gather(*tasks)
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
        return seen

    async def _one(self, seen: Seen, started: float, due: float) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            reader, writer = (
                self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
            )
            began = loop.time()
            seen.late_ms.append((began - due) * 1e3)
            writer.write(self._request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, EOFError):
            seen.took(LOST, loop.time() - due)
            seen.sent.append(Sent(began - started, LOST, loop.time() - began))
            return
        status, now = int(head.split(b" ", 2)[1]), loop.time()
        seen.took(status, now - due)
        seen.sent.append(Sent(began - started, status, now - began))
        self._idle.append((reader, writer))


def wait_until_answering(address: str, model: str, body: bytes, timeout_s: float = 60.0) -> None:
    """Wait until a model answers ten requests out of ten."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if asyncio.run(Client(address, model, body).run(50, 0.2)).counts == Counter({200: 10}):
            return
        time.sleep(0.2)
    raise SystemExit(f"{model} did not come up")
