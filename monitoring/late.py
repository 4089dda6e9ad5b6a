"""Outcomes that come after their window has closed: the windows they belong to are judged anew.

How far outcomes were looked at is marked for each model, but only when no window of it waits any more, so
that a monitor that dies in between looks at them again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from monitoring.closing import Closer, Due
from monitoring.lane import Span
from monitoring.policy import Policy
from monitoring.windows.closed import has_any
from monitoring.windows.due import GRACE_S
from monitoring.windows.outcomes import MOST_ROWS, meets, outcomes_of, times_of
from serving.lifecycle.errors import LifecycleError
from serving.prediction_log.bucket import BucketError

A_ROUND = 20
"""Windows judged anew in one round; the others wait for the next ones."""
_DAY_S = 86_400.0
_COLUMNS = ("prediction_id", "version", "variant")


@dataclass(slots=True)
class Late:
    """Judges windows anew.

    Attributes:
        closer: Judges a window.
    """

    closer: Closer
    _pending: dict[tuple[str, Due], None] = field(default_factory=dict)
    _looked_s: dict[str, float] = field(default_factory=dict)

    def look(self, policies: Mapping[str, Policy], marks: Mapping[str, float], now_s: float) -> int:
        """Judge anew windows whose outcomes have come since the last time, and give how many.

        Args:
            policies: The models that are watched.
            marks: The history's, by name.
            now_s: The time.

        Raises:
            LifecycleError: The database refuses.
            OSError: The log cannot be read.
        """
        since = {model: self._looked_s.get(model, marks.get(_mark(model), now_s)) for model in policies}
        if since:
            self._find(policies, min(now_s, *since.values()) - GRACE_S, now_s)
        self._looked_s |= dict.fromkeys(policies, now_s)
        newest_first = sorted(self._pending, key=lambda item: -item[1].span.until_s)
        taken = [each for each in newest_first if each[0] in policies][:A_ROUND]
        outcomes = outcomes_of(self.closer.scanner, [due.span for _, due in taken])
        history = self.closer.history
        for model, due in taken:
            del self._pending[model, due]  # what cannot be judged at all must not hold up the others for ever
            try:
                history.close(self.closer.judged(model, policies[model], due, outcomes, now_s))
            except (LifecycleError, BucketError, OSError):
                self._pending[model, due] = None
                raise
        waiting = {model for model, _ in self._pending}
        history.close([], marks={_mark(model): now_s for model in policies if model not in waiting})
        return len(taken)

    def _find(self, policies: Mapping[str, Policy], since_s: float, now_s: float) -> None:
        oldest_s = now_s - self.closer.settings.monitor_outcome_days * _DAY_S
        ids, times = self._came(since_s)
        times = [time for time in times if time.until_s > oldest_s]
        if not times:
            return
        for model in policies:
            for due in self._touched(model, times):
                wanted = due.wanted(model, _COLUMNS)
                if ids is None or has_any(self.closer.scanner, wanted, ids):
                    self._pending[model, due] = None

    def _came(self, since_s: float) -> tuple[pa.Array | None, list[Span]]:
        """The ids of the outcomes that came, None where they are too many to hold, and their times."""
        chunks: list[pa.Array] | None = []
        times: set[Span] = set()
        rows = 0
        for table in self.closer.scanner.outcomes(since_s):
            times.update(times_of(table["prediction_id"]))
            rows += table.num_rows
            chunks = None if chunks is None or rows > MOST_ROWS else [*chunks, *table["prediction_id"].chunks]
        ids = None if chunks is None else _both_names(pa.chunked_array(chunks, pa.string()))
        return ids, sorted(times, key=lambda span: span.since_s)

    def _touched(self, model: str, times: Sequence[Span]) -> Iterable[Due]:
        until_s = max(time.until_s for time in times)
        length_s = self.closer.settings.monitor_window_s
        found: dict[Due, None] = {}
        for entry in self.closer.history.between(model, times[0].since_s, until_s):
            if any(meets(entry.span, time) for time in times):
                is_whole = math.isclose(entry.span.until_s - entry.span.since_s, length_s)
                found[Due(entry.span, None if is_whole else entry.lane)] = None
        return found


def _mark(model: str) -> str:
    return f"outcomes {model}"


def _both_names(ids: pa.ChunkedArray) -> pa.Array:
    """A request of one row may be named by its plain id or as `<id>-0`."""
    stems = pc.utf8_slice_codeunits(ids.filter(pc.ends_with(ids, "-0")), 0, -2)
    return pc.unique(pa.chunked_array([*ids.chunks, *stems.chunks], pa.string()))
