"""Each lane's newest closed window with outcomes: what is told of quality until newer ones come.

A window of so few outcomes that nothing is judged by them does not take the place of one that was judged.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

import pyarrow as pa

from monitoring.history import Entry, History
from monitoring.judging import Found
from monitoring.lane import Lane, Span
from monitoring.quality.figures import Figure, Quality
from monitoring.quality.metric_names import REGRESSION
from monitoring.quality.verdict import FEWEST_ROWS

LOOKED_THROUGH = 100
"""Windows of a lane in the history that are looked through for one with outcomes."""
KNOWN_ROWS = 5_000
"""Rows with outcomes that are kept of a lane, for the error of its estimates."""
MOST_BYTES = 500_000_000
"""Of such rows of all lanes; beyond it those leave that were not asked for the longest."""
_OF_CLASSES = ["prediction", "probabilities", "label"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A closed window with outcomes.

    Attributes:
        span: From when to when.
        found: What was found; of a window that another process judged, without intervals.
        known: Rows with their outcomes; None of a window that another process judged.
    """

    span: Span
    found: Found
    known: pa.Table | None = None

    @property
    def rank(self) -> tuple[bool, float]:
        """The larger one is told of: whether it has outcomes enough to be judged by, then how new it is."""
        quality = self.found.quality
        return quality is not None and quality.used >= FEWEST_ROWS, self.span.until_s

    @property
    def size(self) -> int:
        """Bytes of its rows."""
        return self.known.nbytes if self.known else 0


@dataclass(slots=True)
class NewestMeasured:
    """Each lane's, from the history where it was not seen here.

    Attributes:
        history: Where windows of other processes are.
    """

    history: History
    _found: OrderedDict[Lane, Measured | None] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def remember(self, lane: Lane, span: Span, found: Found, rows: pa.Table) -> None:
        """Keep a window, unless it has no outcomes or a newer one has enough of them.

        Args:
            lane: Whose predictions.
            span: From when to when.
            found: What was found.
            rows: The rows that it was found in, joined with their outcomes.
        """
        before = self._found.get(lane)
        if found.quality and (before is None or before.rank <= Measured(span, found).rank):
            needed = rows if found.quality.task == REGRESSION else rows.select(_OF_CLASSES)
            known = needed.filter(rows["label"].is_valid()).slice(0, KNOWN_ROWS)
            self._hold(lane, Measured(span, found, known.combine_chunks()))

    def held(self, lane: Lane) -> Measured | None:
        """What is held of a lane in memory."""
        return self._found.get(lane)

    def of(self, lane: Lane, task: str) -> Measured | None:
        """A lane's newest window with outcomes; None where there is none.

        Args:
            lane: Whose predictions.
            task: The version's.

        Raises:
            LifecycleError: The database refuses.
        """
        if lane not in self._found:
            entries = self.history.last(LOOKED_THROUGH, **lane._asdict())
            known = [_remembered(entry, task) for entry in entries if entry.quality]
            self._hold(lane, max(known, key=lambda each: each.rank, default=None))
        self._found.move_to_end(lane)
        return self._found[lane]

    def _hold(self, lane: Lane, measured: Measured | None) -> None:
        before = self._found.pop(lane, None)
        self._found[lane] = measured
        self._bytes += (measured.size if measured else 0) - (before.size if before else 0)
        while self._bytes > MOST_BYTES and len(self._found) > 1:
            _, oldest = self._found.popitem(last=False)
            self._bytes -= oldest.size if oldest else 0


def _remembered(entry: Entry, task: str) -> Measured:
    metrics = {name: Figure(value) for name, value in entry.quality.items()}
    quality = Quality(task, metrics, entry.rows, entry.labelled, entry.labelled)
    notes = (entry.note,) if entry.note else ()
    return Measured(entry.span, Found(quality=quality, is_bad=entry.is_bad, notes=notes))
