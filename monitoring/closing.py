"""Closed windows, judged once into the history.

mark -> spans that are due -> rows and outcomes -> entries and the new mark, in one transaction
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from monitoring.drift.profile import Profiler
from monitoring.history import Entry, History
from monitoring.judging import SEED, Found, both, drift_of, quality_of
from monitoring.lane import Lane, Span
from monitoring.measured import NewestMeasured
from monitoring.policy import Policy
from monitoring.registry import NoReferenceError, RegistryAwayError, UnknownVersionError
from monitoring.versions import Version, Versions
from monitoring.windows.closed import Gathered, Take, gather, row_times
from monitoring.windows.due import GRACE_S, count_spans, due_spans, reset_mark, times_from
from serving.prediction_log import outcomes as told
from serving.prediction_log.scan import Scanner, Wanted
from serving.settings import Settings

log = logging.getLogger(__name__)

TOP_COLUMNS = 20
_UNUSABLE = (NoReferenceError, UnknownVersionError, RegistryAwayError)


@dataclass(frozen=True, slots=True)
class Due:
    """A closed window that is to be judged.

    Attributes:
        span: From when to when.
        lane: The only lane it is of; None for all lanes of the model.
    """

    span: Span
    lane: Lane | None = None

    def wanted(self, model: str, columns: tuple[str, ...] | None = None) -> Wanted:
        """The predictions that it is of."""
        version, variant = (self.lane.version, self.lane.variant) if self.lane else (None, None)
        return Wanted(model, self.span.since_s, self.span.until_s, version, variant, columns)


@dataclass(frozen=True, slots=True)
class Closer:
    """Judges closed windows of models.

    Attributes:
        settings: How long a window is, and how far back it goes.
        scanner: The log.
        versions: What windows are compared with.
        history: Where entries go.
        measured: Told of the windows that have outcomes.
    """

    settings: Settings
    scanner: Scanner
    versions: Versions
    history: History
    measured: NewestMeasured

    def due(self, model: str, marks: Mapping[str, float], now_s: float) -> list[Due]:
        """The windows of a model that have closed and are not in the history, oldest first.

        Args:
            model: The registered model's name.
            marks: The history's, by name.
            now_s: The time.

        Raises:
            LifecycleError: The database refuses.
            OSError: The log cannot be read.
        """
        if self.settings.monitor_window_rows:
            return self._due_by_count(model, marks, now_s)
        length_s, name = self.settings.monitor_window_s, self._mark(model)
        mark_s = reset_mark(marks.get(name), now_s, length_s=length_s)
        if mark_s is not None and mark_s != marks[name]:
            log.warning("the clock was set back; windows of '%s' close anew from now on", model)
            self.history.close([], marks={name: mark_s})
        most = self.settings.monitor_backfill_windows
        return [Due(span) for span in due_spans(mark_s, now_s, length_s=length_s, most=most)]

    def close(
        self,
        model: str,
        policy: Policy,
        due: Sequence[Due],
        outcomes: pa.Table,
        now_s: float,
        *,
        stay: Callable[[], None] = lambda: None,
    ) -> int:
        """Judge windows, each with its mark, and give how many entries were written.

        Args:
            model: The registered model's name.
            policy: The model's.
            due: Which windows.
            outcomes: What has come of their predictions.
            now_s: The time.
            stay: Called for each window, to keep what must be renewed meanwhile.

        Raises:
            LifecycleError: The database refuses.
            OSError: The log cannot be read.
        """
        written = 0
        for each in due:
            stay()
            entries = self.judged(model, policy, each, outcomes, now_s)
            mark = self._mark(model) if each.lane is None else self._lane_mark(each.lane)
            self.history.close(entries, marks={mark: each.span.until_s})
            written += len(entries)
        return written

    def judged(self, model: str, policy: Policy, due: Due, outcomes: pa.Table, now_s: float) -> list[Entry]:
        """Judge one window, without writing anything."""
        known: dict[Lane, Version | str] = {}
        profilers: dict[Lane, Profiler] = {}

        def take(lane: Lane) -> Take:
            found = known[lane] = self._version_or_why(lane, policy)
            if isinstance(found, str):
                return lambda _: None
            profilers[lane] = Profiler(found.reference, sample_rows=self.settings.monitor_max_rows, seed=SEED)
            return profilers[lane].add

        entries = []
        for part in gather(self.scanner, due.wanted(model), take=take):
            version = known[part.lane]
            if isinstance(version, str):
                found = Found(notes=(version,))
            else:
                rows = told.join(part.sample, outcomes)
                found = self._found(version, profilers[part.lane], part, policy, rows)
                self.measured.remember(part.lane, part.span, found, rows)
            entries.append(_entry(part, found, now_s))
        return entries

    def _version_or_why(self, lane: Lane, policy: Policy) -> Version | str:
        try:
            return self.versions.get(lane.model, lane.version, hidden=policy.hidden)
        except _UNUSABLE as error:
            return str(error)

    def _found(
        self, version: Version, profiler: Profiler, part: Gathered, policy: Policy, rows: pa.Table
    ) -> Found:
        before = self.measured.of(part.lane, version.standard.task)
        quality = quality_of(version.standard, rows, policy, known=before.known if before else None)
        quality = replace(quality, notes=(*quality.notes, *_drawn(rows.num_rows, part.traffic.rows)))
        missing = self.settings.monitor_min_rows - part.traffic.rows
        if missing > 0:
            return both(Found(notes=(f"{missing} more rows are needed for a check",)), quality)
        share = self.settings.drift_share
        return both(drift_of(version, profiler.profile(), policy, drift_share=share), quality)

    def _due_by_count(self, model: str, marks: Mapping[str, float], now_s: float) -> list[Due]:
        most, rows = self.settings.monitor_backfill_windows, self.settings.monitor_window_rows
        oldest_s = now_s - most * self.settings.monitor_window_s
        columns = ("ts", "version", "variant")
        times = row_times(self.scanner, Wanted(model, oldest_s, now_s - GRACE_S, columns=columns))
        found = []
        for lane, answered in times.items():
            mark_s = marks.get(self._lane_mark(lane))
            fresh = times_from(answered, mark_s)
            found += [Due(span, lane) for span in count_spans(fresh, rows=rows, most=most)]
        return sorted(found, key=lambda due: due.span.until_s)

    def _mark(self, model: str) -> str:
        return f"{self.settings.monitor_window_s:g} s {model}"

    def _lane_mark(self, lane: Lane) -> str:
        return f"{self.settings.monitor_window_rows} rows {lane}"[:500]


def _drawn(drawn: int, rows: int) -> tuple[str, ...]:
    """Quality and sums of business value are of the rows drawn alone, which is to be known."""
    said = f"outcomes were looked up for {drawn:,} of {rows:,} predictions, drawn at random"
    return (f"{said}: quality and business value are of these",) if drawn < rows else ()


def _entry(part: Gathered, found: Found, now_s: float) -> Entry:
    drift, traffic = found.drift, part.traffic
    return Entry(
        part.lane,
        part.span,
        now_s,
        traffic.rows,
        traffic.per_second,
        traffic.p50_ms,
        traffic.p99_ms,
        found.quality.labelled if found.quality else 0,
        drift.share if drift else None,
        found.is_drifted,
        {column.name: column.ratio for column in drift.ranked[:TOP_COLUMNS]} if drift else {},
        found.quality.values if found.quality else {},
        found.is_bad,
        found.estimate.values if found.estimate else {},
        dict(found.business.metrics) if found.business else {},
        found.note,
    )
