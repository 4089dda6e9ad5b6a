"""Each lane's newest closed window with outcomes: what is told of quality until newer ones come."""

from dataclasses import dataclass, field

import pyarrow as pa

from monitoring.history import Entry, History
from monitoring.judging import Found
from monitoring.lane import Lane, Span
from monitoring.quality.figures import Figure, Quality
from monitoring.quality.metric_names import REGRESSION

LOOKED_THROUGH = 100
"""Windows of a lane in the history that are looked through for one with outcomes."""
KNOWN_ROWS = 5_000
"""Rows with outcomes that are kept of a lane, for the error of its estimates."""
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


@dataclass(slots=True)
class NewestMeasured:
    """Each lane's, from the history where it was not seen here.

    Attributes:
        history: Where windows of other processes are.
    """

    history: History
    _found: dict[Lane, Measured | None] = field(default_factory=dict)

    def remember(self, lane: Lane, span: Span, found: Found, rows: pa.Table) -> None:
        """Keep a window, unless it has no outcomes or a newer one has.

        Args:
            lane: Whose predictions.
            span: From when to when.
            found: What was found.
            rows: The rows that it was found in, joined with their outcomes.
        """
        before = self._found.get(lane)
        if found.quality and (before is None or before.span.until_s <= span.until_s):
            needed = rows if found.quality.task == REGRESSION else rows.select(_OF_CLASSES)
            known = needed.filter(rows["label"].is_valid()).slice(0, KNOWN_ROWS)
            self._found[lane] = Measured(span, found, known.combine_chunks())

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
            known = [entry for entry in entries if entry.quality]
            self._found[lane] = _remembered(known[-1], task) if known else None
        return self._found[lane]


def _remembered(entry: Entry, task: str) -> Measured:
    metrics = {name: Figure(value) for name, value in entry.quality.items()}
    quality = Quality(task, metrics, entry.rows, entry.labelled, entry.labelled)
    notes = (entry.note,) if entry.note else ()
    return Measured(entry.span, Found(quality=quality, is_bad=entry.is_bad, notes=notes))
