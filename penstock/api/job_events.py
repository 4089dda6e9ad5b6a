"""What happens in a job, as server-sent events: `progress`, `log`, `metric`, and at last `end`.

An event's id says how far its reader has come, in the log and in each curve; whoever comes back with it as
`Last-Event-ID` goes on from there.
"""

import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from penstock.api.asked import signed_in
from penstock.api.ending import Ending
from penstock.api.job_shapes import shown
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.people.person import Person
from penstock.problems import Problem, TooMany
from penstock.services import curves, jobs

LOOK_EVERY_S = 0.5
CURVES_EVERY_S = 2.0
HEARTBEAT_S = 15.0
SIGN_IN_EVERY_S = 60.0
"""How often a reader must still be who they were: passwords, keys and sessions end."""
REFUSED = frozenset({401, 403, 404})
LONGEST_S = 3600.0
"""After so long a stream ends, and its reader comes back."""
RETRY_MS = 2000
MOST_STREAMS = 8
"""At a time, of one person."""
LONGEST_ID = 4000


@dataclass
class Place:
    """How far a reader has come.

    Attributes:
        offset: In the log.
        steps: In each curve.
    """

    offset: int = 0
    steps: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, event_id: str) -> "Place":
        """Read an event's id; one that is none of ours is the beginning."""
        try:
            pairs = {name: int(value) for name, value in parse_qsl(event_id[:LONGEST_ID])}
        except ValueError:
            return cls()
        return cls(max(min(pairs.pop("log", 0), 2**53), 0), pairs)

    def told(self) -> str:
        """The event's id."""
        return urlencode({"log": self.offset, **self.steps})


class Streams:
    """The open streams of each person; used on the event loop alone."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def check(self, caller: str) -> None:
        """See that one more may be opened.

        Raises:
            TooMany: The person has as many as they may.
        """
        if self._open[caller] >= MOST_STREAMS:
            raise TooMany(
                f"{MOST_STREAMS} streams of events are open for you, which is the most; close one",
                retry_s=5,
            )

    def enter(self, caller: str) -> None:
        """Count a stream."""
        self._open[caller] += 1

    def leave(self, caller: str) -> None:
        """Count it no more."""
        self._open[caller] -= 1
        if not self._open[caller]:
            del self._open[caller]


async def events(request: Request, desk: Desk, person: Person, job: Job) -> AsyncIterator[bytes]:
    """The events of one reader, from where they have been until the job is over."""
    stream = _Stream(desk, person, job.job_id, Place.read(request.headers.get("last-event-id", "")))
    streams: Streams = request.app.state.streams
    ending: Ending = request.app.state.ending
    until, alive = time.monotonic() + LONGEST_S, time.monotonic()
    signed_at = alive
    streams.enter(person.caller)
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        while time.monotonic() < until and not stream.is_over and not await request.is_disconnected():
            if time.monotonic() - signed_at > SIGN_IN_EVERY_S:
                signed_at = time.monotonic()
                if (gone := await _gone(request)) is not None:
                    yield _event("problem", gone.as_data()["error"])
                    return
            found = await run_in_threadpool(stream.look)
            if found:
                yield b"".join(found)
                alive = time.monotonic()
            elif time.monotonic() - alive > HEARTBEAT_S:
                yield b": nothing new\n\n"
                alive = time.monotonic()
            if not stream.is_over and await ending.wait_for(LOOK_EVERY_S):
                return
    finally:
        streams.leave(person.caller)


async def _gone(request: Request) -> Problem | None:
    """Why a reader, who was let in a while ago, is let in no more."""
    try:
        await signed_in(request)
    except Problem as problem:
        return problem if problem.status in REFUSED else None
    return None


class _Stream:
    """One reader's way through a job's events."""

    def __init__(self, desk: Desk, person: Person, job_id: str, place: Place) -> None:
        self._desk, self._person, self._job_id, self._place = desk, person, job_id, place
        self._progress: tuple[object, ...] = ()
        self._curves_at = 0.0
        self.is_over = False

    def look(self) -> list[bytes]:
        """The events since the last look."""
        try:
            job = jobs.get(self._desk, self._person, self._job_id)
            found = self._log(job)
            found += [*self._curves(job), *self._moved(job)]
        except Problem as problem:
            self.is_over = problem.status < 500
            return [_event("problem", problem.as_data()["error"])] if self.is_over else []
        if self.is_over:
            found.append(_event("end", shown(job), self._place.told()))
        return found

    def _log(self, job: Job) -> list[bytes]:
        part = jobs.log(self._desk, self._person, self._job_id, offset=self._place.offset)
        # A job that ends between the two looks is over at the next one.
        self.is_over = job.is_over and part.is_over
        if not part.text:
            return []
        self._place.offset = part.next_offset
        return [_event("log", {"text": part.text}, self._place.told())]

    def _curves(self, job: Job) -> list[bytes]:
        is_due = time.monotonic() > self._curves_at + CURVES_EVERY_S
        if not job.run_id or not (is_due or self.is_over):
            return []
        self._curves_at = time.monotonic()
        found = []
        for point in curves.points_after(self._desk, job.run_id, self._place.steps):
            self._place.steps[point.name] = point.step
            value = point.value if math.isfinite(point.value) else None
            told = {"name": point.name, "step": point.step, "value": value}
            found.append(_event("metric", told, self._place.told()))
        return found

    def _moved(self, job: Job) -> list[bytes]:
        progress = (job.state, json.dumps(job.progress, sort_keys=True, default=str))
        if progress == self._progress:
            return []
        self._progress = progress
        return [_event("progress", {"status": job.state, "progress": dict(job.progress)})]


def _event(kind: str, data: Any, event_id: str = "") -> bytes:
    line = json.dumps(data, ensure_ascii=False, default=str)
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: {line}\n\n".encode(errors="replace")
