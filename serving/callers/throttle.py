"""Wrong passwords slow down whoever tries them: after a few free ones, each doubles the wait.

Counted are a name at an address, an address, and a name everywhere: against guessing one's password from one
place, everybody's from one place, and one's from many places. The last must not shut people out, so that it
does not hold at addresses where the name lately had the right password. A try counts when it begins, so that
many at once gain nothing.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = {"pair": 5, "name": 5, "address": 20}
"""Wrong tries that cost nothing; an address may be many people's."""

FIRST_S = 1.0
MOST_S = 60.0
FORGET_S = 1800.0
"""After so long without a try, a name or an address is new again."""

MOST_HELD = 20_000
"""Names and addresses that are remembered; names come from requests, so their number has a bound."""

HOME_S = 30 * 86_400.0
"""For how long an address is a name's own after a right password."""

MOST_HOMES = 16
"""Own addresses of one name, the newest."""

Who = tuple[str, str, str]
"""A kind of `FREE`, a name and an address; empty is what the kind does not look at."""


@dataclass(frozen=True, slots=True)
class _Tries:
    count: int
    until_s: float
    last_s: float


class Throttle:
    """Usable from several threads.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[Who, _Tries] = OrderedDict()
        self._homes: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> float:
        """Begin a try.

        Args:
            name: Who is said to try.
            address: Where from; empty where that is not known, and then it is slowed by the name alone.

        Returns:
            0, or for how many seconds none may begin; then this one must not.
        """
        now_s = self._clock()
        with self._lock:
            who = self._counted_by(name, address, now_s)
            kept = [self._fresh(one, now_s) for one in who]
            wait_s = max(0.0, *[one.until_s - now_s for one in kept])
            if not wait_s:
                for one, tries in zip(who, kept, strict=True):
                    self._keep(one, _counted(one[0], tries.count + 1, now_s))
            return wait_s

    def succeeded(self, name: str, address: str) -> None:
        """A try was right: what this address has tried of the name is forgiven, and the address is its own.

        The address loses this try only, and others' tries of the name go on to count.
        """
        now_s, pair, everywhere = self._clock(), ("pair", name, address), ("name", name, "")
        with self._lock:
            if everywhere in self._counted_by(name, address, now_s):
                self._undo(everywhere, now_s, self._fresh(pair, now_s).count if address else FREE["name"])
            self._tries.pop(pair, None)
            if address:
                self._undo(("address", "", address), now_s)
                self._settle(name, address, now_s)

    def unjudged(self, name: str, address: str) -> None:
        """A try could not be judged; it counts as none."""
        now_s = self._clock()
        with self._lock:
            for one in self._counted_by(name, address, now_s):
                self._undo(one, now_s)

    def _counted_by(self, name: str, address: str, now_s: float) -> list[Who]:
        everywhere = ("name", name, "")
        if not address:
            return [everywhere]
        here = [("pair", name, address), ("address", "", address)]
        homes = self._homes.get(name)
        home_s = homes.get(address) if homes else None
        return here if home_s is not None and now_s - home_s < HOME_S else [*here, everywhere]

    def _settle(self, name: str, address: str, now_s: float) -> None:
        homes = self._homes.setdefault(name, OrderedDict())
        homes[address] = now_s
        homes.move_to_end(address)
        self._homes.move_to_end(name)
        if len(homes) > MOST_HOMES:
            homes.popitem(last=False)
        if len(self._homes) > MOST_HELD:
            self._homes.popitem(last=False)

    def _undo(self, who: Who, now_s: float, count: int = 1) -> None:
        tries = self._fresh(who, now_s)
        self._keep(who, _counted(who[0], max(0, tries.count - count), now_s))

    def _fresh(self, who: Who, now_s: float) -> _Tries:
        tries = self._tries.get(who)
        return tries if tries and now_s - tries.last_s < FORGET_S else _Tries(0, 0.0, now_s)

    def _keep(self, who: Who, tries: _Tries) -> None:
        self._tries[who] = tries
        self._tries.move_to_end(who)
        if len(self._tries) > MOST_HELD:
            self._tries.popitem(last=False)


def _counted(kind: str, count: int, now_s: float) -> _Tries:
    beyond = count - FREE[kind]
    wait_s = min(FIRST_S * 2.0 ** min(beyond, 30), MOST_S) if beyond >= 0 else 0.0
    return _Tries(count, now_s + wait_s, now_s)
