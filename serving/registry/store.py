"""A worker's versions in memory: loaded when asked for, within a bound; the least recently used leave.

wanted -> queued by urgency -> room is made -> loaded in a thread -> all that wait are told

One version is loaded once at a time, whoever wants it. What answers or is waited for is never emptied.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from serving.protocol.errors import RequestError
from serving.registry.loaders import AT_ONCE, Brought, Loaders
from serving.registry.room import leaving
from serving.registry.slot import Slot
from serving.registry.snapshot import Held
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Scorer

_logger = logging.getLogger(__name__)

WAITED, SWAP, SPARE = 0, 1, 2
"""Why a version is loaded, the most urgent first: a request waits, a swap waits, or there is room for it."""

RETRY_S = 10.0
LONGEST_RETRY_S = 600.0
LEAVE_S = 10.0
"""For how long a version that no route means stays for requests that were already on their way to it."""

LOOK_AGAIN_S = 0.005
FIRST_GUESS_S = 0.5
SMOOTHING = 0.2
LONGEST_RETRY_AFTER_S = 60


class Cold(Protocol):
    """Waits for a version that is not loaded; `Store.scorer` is one."""

    async def __call__(self, slot: Slot, cold_ms: float | None, left_s: float) -> Scorer:
        """What answers, once it is loaded; raises RequestError."""
        ...


class Watch(Protocol):
    """Is told what happens to versions."""

    def loaded(self, slot: Slot) -> None:
        """A version was loaded."""
        ...

    def failed(self, slot: Slot) -> None:
        """A version could not be loaded."""
        ...

    def emptied(self, slot: Slot, *, is_evicted: bool) -> None:
        """A version left memory: for another one, or because no route means it."""
        ...

    def meant(self, slot: Slot, *, is_meant: bool) -> None:
        """A loaded version was left by the last route that meant it, or a route means it again."""
        ...

    def waited(self, slot: Slot, outcome: str) -> None:
        """A request for a version that was not loaded was `answered`, or refused as `late` or `failed`."""
        ...


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What the store may take.

    Attributes:
        model_bytes: Memory for versions; a single larger one, and a swap's second version, go beyond it.
        cold_s: The longest wait of a request for a load, where the model's policy names none.
        waiting: Requests that wait at a time.
    """

    model_bytes: float = math.inf
    cold_s: float = 2.0
    waiting: int = 32


class Store:
    """Holds the versions of one worker. For one event loop.

    Args:
        loaders: Where loads run.
        watch: Is told what happens.
        limits: What it may take.
        clock: Seconds, as `time.perf_counter`.

    Attributes:
        slots: Of every version that a route means, or meant until just now.
        waiting: Requests that wait for a load.
        news: Grows when a load has failed: the routing table has a lane less.
    """

    def __init__(
        self,
        loaders: Loaders,
        watch: Watch,
        limits: StoreLimits,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.slots: dict[Held, Slot] = {}
        self.waiting = self.news = 0
        self._loaders, self._watch, self._limits, self._clock = loaders, watch, limits, clock
        self._queue: list[Slot] = []
        self._loading: dict[Slot, asyncio.Task[None]] = {}
        self._typical_s = FIRST_GUESS_S
        self._again: asyncio.TimerHandle | None = None

    @property
    def held_bytes(self) -> int:
        """What is loaded and what is being loaded."""
        here = (slot.size_bytes for slot in self.slots.values() if slot.scorer is not None)
        return sum(here) + sum(slot.size_bytes for slot in self._loading)

    @property
    def most_bytes(self) -> float:
        """The bound."""
        return self._limits.model_bytes

    @property
    def is_busy(self) -> bool:
        """Whether something is being loaded or is to be."""
        return bool(self._loading or self._queue)

    def slot(self, held: Held, *, size_bytes: int = 0, load_s: float = 0.0) -> Slot:
        """The slot of a version; a new one is expected to take so many bytes and seconds."""
        known = self.slots.get(held)
        if known is None:
            known = self.slots[held] = Slot(held, size_bytes=size_bytes, load_s=load_s)
        return known

    def want(self, slot: Slot, urgency: int) -> "asyncio.Future[None]":
        """Have a version loaded; the future is done when that has ended, well or not."""
        # A request may still be on its way to a version that was let go of.
        self.slots.setdefault(slot.held, slot)
        if slot.coming is None:
            slot.coming = asyncio.get_running_loop().create_future()
            slot.urgency = urgency
            self._queue.append(slot)
        coming, slot.urgency = slot.coming, min(slot.urgency, urgency)
        self._pump()
        return coming

    async def scorer(self, slot: Slot, cold_ms: float | None, left_s: float) -> Scorer:
        """What answers for a version that is not loaded: its load is awaited.

        Args:
            slot: The version's.
            cold_ms: The longest wait by its model's policy.
            left_s: The longest wait by the request's time limit.

        Raises:
            RequestError: 503 with Retry-After; it is loaded on all the same, or it cannot be loaded.
        """
        if slot.error is not None and self._clock() < slot.retry_s:
            raise self._failure(slot)
        if self.waiting >= self._limits.waiting:
            self.want(slot, WAITED)
            raise self._late(slot)
        cold_s = self._limits.cold_s if cold_ms is None else cold_ms / 1000
        slot.waiting += 1
        self.waiting += 1
        try:
            await self._awaited(slot, self._clock() + max(0.0, min(cold_s, left_s)))
        finally:
            slot.waiting -= 1
            self.waiting -= 1
        if slot.scorer is None:
            raise self._failure(slot) if slot.error else self._late(slot)
        self._watch.waited(slot, "answered")
        return slot.scorer

    def keep(self, versions: Iterable[Held]) -> None:
        """Let go of every version that is not among these, after a while."""
        kept, now = set(versions), self._clock()
        for held, slot in self.slots.items():
            is_meant, was_meant = held in kept, slot.left_s is None
            slot.left_s = None if is_meant else slot.left_s or now
            if is_meant != was_meant and slot.scorer is not None:
                self._watch.meant(slot, is_meant=is_meant)

    def warm(self, slots: Iterable[Slot]) -> None:
        """Load these in this order as long as there is room."""
        for slot in slots:
            if slot.scorer is None and slot.error is None:
                self.want(slot, SPARE)

    def forgive(self) -> None:
        """Let every version that could not be loaded be tried again now."""
        for slot in self.slots.values():
            slot.retry_s = 0.0

    def tick(self) -> None:
        """Let go of versions that were left a while ago, and start loads for which there is room now."""
        now, gone = self._clock(), []
        for held, slot in list(self.slots.items()):
            is_over = slot.left_s is not None and now - slot.left_s > LEAVE_S and slot.coming is None
            if is_over and (slot.is_idle or slot.scorer is None):
                gone += self._emptied(slot, is_evicted=False)
                del self.slots[held]
        if gone:
            self._loaders.pool.submit(self._loaders.free, gone)
        self._pump()

    def close(self) -> None:
        """Start no more loads."""
        self._queue.clear()
        if self._again is not None:
            self._again.cancel()
        self._loaders.pool.shutdown(wait=False, cancel_futures=True)

    async def _awaited(self, slot: Slot, deadline: float) -> None:
        """Wait until it is loaded or cannot be, or the time is over."""
        tried = False
        while slot.scorer is None and not (tried and slot.error):
            coming = self.want(slot, WAITED)
            await asyncio.wait([coming], timeout=max(0.0, deadline - self._clock()))
            if not coming.done():
                return
            tried = True

    def _pump(self) -> None:
        while len(self._loading) < AT_ONCE and self._start_next():
            pass
        if self._queue and not self._loading and self._again is None:
            # All that is loaded is in use: for a moment, as a rule.
            self._again = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look_again)

    def _look_again(self) -> None:
        self._again = None
        self._pump()

    def _start_next(self) -> bool:
        """Start the most urgent load for which there is room; returns whether there was one."""
        for slot in sorted(self._queue, key=lambda slot: slot.urgency):
            if slot.urgency == SPARE and self._loading:
                return False
            free = self._limits.model_bytes - self.held_bytes
            if slot.urgency == SPARE and slot.size_bytes > free:
                self._queue.remove(slot)
                _tell(slot)
                continue
            is_forced = slot.urgency == SWAP
            out = leaving(self.slots.values(), slot, free_bytes=free, is_forced=is_forced)
            if out is None:
                continue
            lacking = slot.size_bytes - free - sum(other.size_bytes for other in out)
            if lacking > 0 and self._loading and not is_forced:
                continue
            self._begin(slot, [scorer for other in out for scorer in self._emptied(other, is_evicted=True)])
            return True
        return False

    def _begin(self, slot: Slot, gone: list[Scorer]) -> None:
        self._queue.remove(slot)
        self._loading[slot] = asyncio.get_running_loop().create_task(self._bring(slot, gone))

    async def _bring(self, slot: Slot, gone: list[Scorer]) -> None:
        loop = asyncio.get_running_loop()
        try:
            brought = await loop.run_in_executor(
                self._loaders.pool, self._loaders.bring, slot.held, slot.size_bytes, gone
            )
            self._take_in(slot, brought)
        except LoadError as error:
            self._note_failure(slot, str(error))
        except Exception as error:  # the load's edge: whoever waits must be told
            _logger.exception("version %s of '%s' could not be loaded", slot.held.version, slot.held.model)
            self._note_failure(slot, f"it could not be loaded: {type(error).__name__}: {error}")
        finally:
            del self._loading[slot]
            _tell(slot)
            self._shrink(slot)
            self._pump()

    def _take_in(self, slot: Slot, brought: Brought) -> None:
        slot.fill(brought.scorer)
        slot.size_bytes, slot.load_s = brought.size_bytes, brought.spent_s
        self._typical_s += SMOOTHING * (brought.spent_s - self._typical_s)
        self._watch.loaded(slot)

    def _note_failure(self, slot: Slot, sentence: str) -> None:
        _logger.warning("version %s of '%s': %s", slot.held.version, slot.held.model, sentence)
        slot.error = sentence
        slot.failures += 1
        slot.retry_s = self._clock() + min(RETRY_S * 2.0 ** min(slot.failures - 1, 10), LONGEST_RETRY_S)
        self.news += 1
        self._watch.failed(slot)

    def _shrink(self, newest: Slot) -> None:
        """Keep to the bound after a load that took more than was expected."""
        over = self.held_bytes - self._limits.model_bytes
        if over <= 0 or newest.scorer is None:
            return
        others = [slot for slot in self.slots.values() if slot is not newest]
        out = leaving(others, Slot(newest.held), free_bytes=-over, is_forced=True) or ()
        gone = [scorer for slot in out for scorer in self._emptied(slot, is_evicted=True)]
        if gone:
            self._loaders.pool.submit(self._loaders.free, gone)

    def _emptied(self, slot: Slot, *, is_evicted: bool) -> list[Scorer]:
        """Empty a slot and return what was in it, to be freed in a thread."""
        scorer, slot.scorer = slot.scorer, None
        if scorer is None:
            return []
        self._watch.emptied(slot, is_evicted=is_evicted)
        return [scorer]

    def _failure(self, slot: Slot) -> RequestError:
        self._watch.waited(slot, "failed")
        sentence = f"version {slot.held.version} of '{slot.held.model}' cannot be loaded: {slot.error}"
        return _refusal(sentence, slot.retry_s - self._clock())

    def _late(self, slot: Slot) -> RequestError:
        self._watch.waited(slot, "late")
        before = sum(1 for other in self._queue if other.waiting and other is not slot)
        expected_s = (slot.load_s or self._typical_s) + before * self._typical_s / AT_ONCE
        sentence = f"version {slot.held.version} of '{slot.held.model}' is being loaded"
        return _refusal(f"{sentence}; try again in about {max(1, math.ceil(expected_s))} s", expected_s)


async def never_loaded(slot: Slot, cold_ms: float | None, left_s: float) -> Scorer:  # noqa: ARG001 - as `Cold`
    """Refuse, where nobody loads versions on demand."""
    raise _refusal(f"version {slot.held.version} of '{slot.held.model}' is not loaded", 1.0)


def _refusal(sentence: str, wait_s: float) -> RequestError:
    seconds = min(max(1, math.ceil(wait_s)), LONGEST_RETRY_AFTER_S)
    return RequestError(503, sentence, reason="loading", headers=((b"retry-after", b"%d" % seconds),))


def _tell(slot: Slot) -> None:
    coming, slot.coming = slot.coming, None
    if coming is not None and not coming.done():
        coming.set_result(None)
