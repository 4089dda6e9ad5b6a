"""Requests that wait for a version while it answers others are answered together, by its next call.

Nobody waits for company: a version that is idle answers a request at once and alone. So the size of a call
follows the load by itself. What fails in company is answered again alone, and only its own caller is told.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from serving.crew import Crew
from serving.scorers.scorer import Scored, Shareable


@dataclass(slots=True)
class Counts:
    """What calls were made since the start.

    Attributes:
        calls: Calls of the model for requests that may be answered together.
        requests: The requests in them.
        rows: Their rows.
        failed: Calls for several requests that failed, after which each was answered alone.
    """

    calls: int = 0
    requests: int = 0
    rows: int = 0
    failed: int = 0


@dataclass(slots=True, eq=False)
class _Place:
    """One request that waits; its answer is None where it must be answered alone."""

    job: Shareable
    answer: "asyncio.Future[Scored | None]"


@dataclass(slots=True, eq=False)
class _Call:
    """One call of the model."""

    places: Sequence[_Place]
    future: "Future[Sequence[Scored]]" = field(default_factory=Future)

    @property
    def is_unwanted(self) -> bool:
        """Whether all who waited have left."""
        return all(place.answer.done() for place in self.places)


class Gathering:
    """Answers one version's requests, one call after the other. For one event loop.

    Args:
        crew: The threads that calls are made in.
        counts: Where calls are counted.
        on_late: Is told that a call is late and still runs.
    """

    def __init__(self, crew: Crew, counts: Counts, on_late: Callable[[], None] = lambda: None) -> None:
        self._crew, self._counts, self._on_late = crew, counts, on_late
        self._waiting: deque[_Place] = deque()
        self._call: _Call | None = None

    async def answer(self, job: Shareable, left_s: float) -> Scored | None:
        """Have a request answered, alone or in company; None where that failed for all of a company.

        Raises:
            TimeoutError: It is late.
            Exception: What its own call raised, where it was alone.
        """
        place = _Place(job, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        if self._call is None:
            self._start()
        try:
            return await asyncio.wait_for(place.answer, left_s)
        except TimeoutError:
            self._leave(place, is_late=True)
            raise
        except asyncio.CancelledError:
            self._leave(place, is_late=False)
            raise

    def _start(self) -> None:
        """Call the model for those who wait, as many as one call takes."""
        places, rows = self._next()
        if not places:
            self._call = None
            return
        call = self._call = _Call(places)
        self._counts.calls += 1
        self._counts.requests += len(places)
        self._counts.rows += rows
        call.future = self._crew.submit(_work(places))
        loop = asyncio.get_running_loop()
        call.future.add_done_callback(partial(_tell, loop, self._ended, call))

    def _next(self) -> tuple[Sequence[_Place], int]:
        places: list[_Place] = []
        rows = 0
        while self._waiting:
            job = self._waiting[0].job
            more = len(job.rows)
            if places and rows + more > job.shared.most_rows:
                break
            place = self._waiting.popleft()
            if not place.answer.done():
                places.append(place)
                rows += more
        return places, rows

    def _ended(self, call: _Call) -> None:
        if call.future.cancelled():
            return
        error = call.future.exception()
        for place, scored in zip(call.places, _answers(call, error), strict=True):
            if place.answer.done():
                continue
            if error is not None and len(call.places) == 1:
                place.answer.set_exception(error)
            else:
                place.answer.set_result(scored)
        self._counts.failed += error is not None and len(call.places) > 1
        if call is self._call:
            self._start()

    def _leave(self, place: _Place, *, is_late: bool) -> None:
        """Somebody waits no more; a call that nobody waits for holds up no other."""
        call = self._call
        if call is None or place not in call.places or not call.is_unwanted:
            return
        if is_late:
            self._crew.give_up(call.future)
            self._on_late()
        else:
            call.future.cancel()
        self._start()


def _answers(call: _Call, error: BaseException | None) -> Sequence[Scored | None]:
    return call.future.result() if error is None else [None] * len(call.places)


def _work(places: Sequence[_Place]) -> Callable[[], Sequence[Scored]]:
    if len(places) == 1:
        alone = places[0].job
        return lambda: [alone()]
    shared, requests = places[0].job.shared, [place.job.rows for place in places]
    return lambda: shared.answer(requests)


def _tell(
    loop: asyncio.AbstractEventLoop,
    ended: Callable[[_Call], None],
    call: _Call,
    _: "Future[Sequence[Scored]]",
) -> None:
    """Pass a call's end on from any thread; at the process's end the loop is gone."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(ended, call)
