"""Each lane's detector between reports, fed with the rows that are new in its live window."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow.compute as pc

from monitoring.drift.base import Reference
from monitoring.drift.stream import Stream, StreamAlarm
from monitoring.lane import Lane
from monitoring.windows.lanes import seconds
from monitoring.windows.live import Window


@dataclass(slots=True)
class _Fed:
    stream: Stream
    newest_s: float = 0.0
    alarm: StreamAlarm | None = None


@dataclass(slots=True)
class Streams:
    """The detectors of all lanes; a lane's begins anew when its version's reference is another."""

    _fed: dict[Lane, _Fed] = field(default_factory=dict)

    def update(self, window: Window, reference: Reference, hidden: frozenset[str]) -> StreamAlarm | None:
        """Feed a lane's new rows to its detector, and give what stands above its bound."""
        fed = self._fed.get(window.lane)
        if fed is None or fed.stream.reference is not reference or fed.stream.hidden != hidden:
            fed = self._fed[window.lane] = _Fed(Stream(reference, hidden))
        # After the clock was set back the newest row is older; which of the others are new is not known.
        fed.newest_s = min(fed.newest_s, seconds(window.table["ts"][-1]))
        times = pc.cast(window.table["ts"], "int64")
        fresh = window.table.filter(pc.greater(times, round(fed.newest_s * 1e6)))
        if fresh.num_rows:
            fed.alarm, fed.newest_s = fed.stream.update(fresh), seconds(fresh["ts"][-1])
        return fed.alarm

    def keep(self, lanes: Iterable[Lane]) -> None:
        """Let go of all lanes but these."""
        kept = set(lanes)
        for lane in [lane for lane in self._fed if lane not in kept]:
            del self._fed[lane]
