"""Closed windows, judged once and again when their outcomes come late, into the history.

mark -> spans that are due -> rows and outcomes -> entries and the new mark, in one transaction
"""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from monitoring.drift.profile import Profiler
from monitoring.history import Entry, History
from monitoring.judging import SEED, Found, drift_of, quality_of
from monitoring.lane import Lane, Span
from monitoring.policy import Policy
from monitoring.quality.figures import Figure, Quality
from monitoring.registry import NoReferenceError, RegistryAwayError, UnknownVersionError
from monitoring.versions import Version, Versions
from monitoring.windows.closed import Gathered, Take, gather, has_any, row_times
from monitoring.windows.due import GRACE_S, count_spans, due_spans, reset_mark
from monitoring.windows.outcomes import meets, outcomes_of, times_of
from serving.prediction_log import outcomes as told
from serving.prediction_log.scan import Scanner, Wanted
from serving.settings import Settings

log = logging.getLogger(__name__)

TOP_COLUMNS = 20
REMEMBERED = 100
"""Windows of a lane that are looked through for the newest known quality."""
LATE_A_ROUND = 20
"""Windows judged anew in one round; the others wait for the next ones."""
_DAY_S = 86_400.0
_LATE_MARK = "outcomes"
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


@dataclass(slots=True)
class Closer:
    """Judges closed windows of models.

    Attributes:
        settings: How long a window is, and how far back it goes.
        scanner: The log.
        versions: What windows are compared with.
        history: Where entries go.
        measured: Each lane's newest closed window whose outcomes are known, as it was found here.
    """

    settings: Settings
    scanner: Scanner
    versions: Versions
    history: History
    measured: dict[Lane, tuple[Span, Found] | None] = field(default_factory=dict)
    _pending: dict[tuple[str, Due], None] = field(default_factory=dict)
    _cursor_s: float | None = None

    def due(self, model: str, now_s: float) -> list[Due]:
        """The windows of a model that have closed and are not in the history, oldest first.

        Raises:
            LifecycleError: The database refuses.
        """
        if self.settings.monitor_window_rows:
            return self._due_by_count(model, now_s)
        length_s = self.settings.monitor_window_s
        before_s = self.history.mark(self._mark(model))
        mark_s = reset_mark(before_s, now_s, length_s=length_s)
        if mark_s is not None and mark_s != before_s:
            log.warning("the clock was set back; windows of '%s' close anew from now on", model)
            self.history.close([], marks={self._mark(model): mark_s})
        most = self.settings.monitor_backfill_windows
        return [Due(span) for span in due_spans(mark_s, now_s, length_s=length_s, most=most)]

    def close(self, model: str, policy: Policy, due: Sequence[Due], outcomes: pa.Table, now_s: float) -> int:
        """Judge windows, each with its mark, and give how many entries were written.

        Raises:
            LifecycleError: The database refuses.
            OSError: The log cannot be read.
        """
        written = 0
        for each in due:
            entries = self.judged(model, policy, each, outcomes, now_s)
            mark = self._mark(model) if each.lane is None else self._lane_mark(each.lane)
            self.history.close(entries, marks={mark: each.span.until_s})
            written += len(entries)
        return written

    def judged(self, model: str, policy: Policy, due: Due, outcomes: pa.Table, now_s: float) -> list[Entry]:
        """Judge one window, without writing anything."""
        version, variant = (due.lane.version, due.lane.variant) if due.lane else (None, None)
        wanted = Wanted(model, due.span.since_s, due.span.until_s, version, variant)
        known: dict[Lane, Version | str] = {}
        profilers: dict[Lane, Profiler] = {}

        def take(lane: Lane) -> Take:
            known[lane] = version_or_why(self.versions, lane)
            found = known[lane]
            if isinstance(found, str):
                return lambda _: None
            profilers[lane] = Profiler(found.reference, sample_rows=self.settings.monitor_max_rows, seed=SEED)
            return profilers[lane].add

        entries = []
        for part in gather(self.scanner, wanted, take=take, has_features=bool(policy.business)):
            found = self._found(known[part.lane], profilers.get(part.lane), part, policy, outcomes)
            self._remember(part, found)
            entries.append(_entry(part, found, now_s))
        return entries

    def late(self, policies: Mapping[str, Policy], now_s: float) -> int:
        """Judge anew windows whose outcomes have come since the last time, and give how many.

        Raises:
            LifecycleError: The database refuses.
            OSError: The log cannot be read.
        """
        cursor_s = self._cursor_s if self._cursor_s is not None else self.history.mark(_LATE_MARK)
        if cursor_s is not None:
            self._look_for_late(policies, min(cursor_s, now_s) - GRACE_S, now_s)
        self._cursor_s = now_s
        newest_first = sorted(self._pending, key=lambda item: -item[1].span.until_s)
        taken = [each for each in newest_first if each[0] in policies][:LATE_A_ROUND]
        outcomes = outcomes_of(self.scanner, [due.span for _, due in taken])
        for model, due in taken:
            self.history.close(self.judged(model, policies[model], due, outcomes, now_s))
            del self._pending[model, due]
        if not any(model in policies for model, _ in self._pending):
            self.history.close([], marks={_LATE_MARK: now_s})
        return len(taken)

    def newest_quality(self, lane: Lane, task: str) -> Found | None:
        """What was measured of a lane's newest closed window that has outcomes.

        Args:
            lane: Whose predictions.
            task: The version's, for figures that the history gives without their intervals.

        Raises:
            LifecycleError: The database refuses.
        """
        if lane not in self.measured:
            entries = self.history.last(REMEMBERED, **lane._asdict())
            known = [entry for entry in entries if entry.quality]
            self.measured[lane] = (known[-1].span, _remembered(known[-1], task)) if known else None
        found = self.measured[lane]
        return found[1] if found else None

    def _look_for_late(self, policies: Mapping[str, Policy], since_s: float, now_s: float) -> None:
        tables = [table["prediction_id"] for table in self.scanner.outcomes(since_s)]
        ids = pa.chunked_array(tables, pa.string())
        times = times_of(ids)
        oldest_s = now_s - self.settings.monitor_outcome_days * _DAY_S
        times = [time for time in times if time.until_s > oldest_s]
        if not times:
            return
        names = _both_names(ids)
        for model in policies:
            for due in self._touched(model, times):
                wanted = _wanted(model, due, columns=("prediction_id", "version", "variant"))
                if has_any(self.scanner, wanted, names):
                    self._pending[model, due] = None

    def _touched(self, model: str, times: Sequence[Span]) -> Iterable[Due]:
        entries = self.history.between(model, times[0].since_s, max(time.until_s for time in times))
        length_s = self.settings.monitor_window_s
        found: dict[Due, None] = {}
        for entry in entries:
            if any(meets(entry.span, time) for time in times):
                is_whole = math.isclose(entry.span.until_s - entry.span.since_s, length_s)
                found[Due(entry.span, None if is_whole else entry.lane)] = None
        return found

    def _found(
        self,
        version: Version | str,
        profiler: Profiler | None,
        part: Gathered,
        policy: Policy,
        outcomes: pa.Table,
    ) -> Found:
        if isinstance(version, str) or profiler is None:
            return Found(notes=(str(version),))
        quality = quality_of(version.standard, told.join(part.sample, outcomes), policy)
        missing = self.settings.monitor_min_rows - part.traffic.rows
        if missing > 0:
            drift = Found(notes=(f"{missing} more rows are needed for a check",))
        else:
            share = self.settings.drift_share
            drift = drift_of(version, profiler.profile(), policy, drift_share=share)
        return both(drift, quality)

    def _remember(self, part: Gathered, found: Found) -> None:
        before = self.measured.get(part.lane)
        if found.quality and (before is None or before[0].until_s <= part.span.until_s):
            self.measured[part.lane] = part.span, found

    def _due_by_count(self, model: str, now_s: float) -> list[Due]:
        most, rows = self.settings.monitor_backfill_windows, self.settings.monitor_window_rows
        oldest_s = now_s - most * self.settings.monitor_window_s
        columns = ("ts", "version", "variant")
        times = row_times(self.scanner, Wanted(model, oldest_s, now_s - GRACE_S, columns=columns))
        found = []
        for lane, answered in times.items():
            mark_s = self.history.mark(self._lane_mark(lane))
            fresh = answered if mark_s is None else answered[answered >= mark_s]
            found += [Due(span, lane) for span in count_spans(fresh, rows=rows, most=most)]
        return sorted(found, key=lambda due: due.span.until_s)

    def _mark(self, model: str) -> str:
        return f"{self.settings.monitor_window_s:g} s {model}"

    def _lane_mark(self, lane: Lane) -> str:
        return f"{self.settings.monitor_window_rows} rows {lane}"[:500]


def _remembered(entry: Entry, task: str) -> Found:
    metrics = {name: Figure(value) for name, value in entry.quality.items()}
    quality = Quality(task, metrics, entry.rows, entry.labelled, entry.labelled)
    return Found(quality=quality, is_bad=entry.is_bad, notes=(entry.note,) if entry.note else ())


def version_or_why(versions: Versions, lane: Lane) -> Version | str:
    """What a lane is compared with, or why there is nothing, as a sentence."""
    try:
        return versions.get(lane.model, lane.version)
    except _UNUSABLE as error:
        return str(error)


def both(drift: Found, quality: Found) -> Found:
    """What was found of drift and of quality, together."""
    return Found(
        drift.drift,
        drift.is_drifted,
        quality.quality,
        quality.is_bad,
        quality.estimate,
        quality.is_estimate_bad,
        quality.business,
        (*drift.notes, *quality.notes),
    )


def _wanted(model: str, due: Due, *, columns: tuple[str, ...]) -> Wanted:
    version, variant = (due.lane.version, due.lane.variant) if due.lane else (None, None)
    return Wanted(model, due.span.since_s, due.span.until_s, version, variant, columns)


def _both_names(ids: pa.ChunkedArray) -> pa.Array:
    """A request of one row may be named by its plain id or as `<id>-0`."""
    stems = pc.utf8_slice_codeunits(ids.filter(pc.ends_with(ids, "-0")), 0, -2)
    return pc.unique(pa.chunked_array([*ids.chunks, *stems.chunks], pa.string()))


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
