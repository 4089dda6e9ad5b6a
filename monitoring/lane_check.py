"""One lane's live window becomes its result: drift, quality, and a report when one is due."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from monitoring.drift.profile import Profile
from monitoring.judging import Found, both, drift_of, profile_of, quality_of
from monitoring.measured import Measured, NewestMeasured
from monitoring.metrics import MonitorMetrics
from monitoring.policy import Policy
from monitoring.registry import NoReferenceError, RegistryAwayError, UnknownVersionError
from monitoring.reports.making import Reports
from monitoring.reports.material import material_of
from monitoring.result import Report, Result
from monitoring.versions import UNKNOWN_STAGE, Version, Versions
from monitoring.windows.lanes import seconds
from monitoring.windows.live import Window
from monitoring.windows.stream import Streams
from serving.lifecycle.errors import LifecycleError
from serving.settings import Settings

log = logging.getLogger(__name__)

REASONS = {
    NoReferenceError: "no_reference",
    UnknownVersionError: "unknown_version",
    RegistryAwayError: "registry",
}
Tell = Callable[[str, str], None]
FRESH_PART = 10
"""Quality is looked at again when one of so many rows is new."""


class Drawing(Enum):
    """Which reports are made in a round."""

    NONE = "none"
    DUE = "those that are due"
    ALL = "all"


class Quality(NamedTuple):
    """When quality was looked at, and what was found: it takes longer than drift, and changes less."""

    found: Found
    newest_s: float
    labelled: int
    by: tuple[Version, Policy, Measured | None]

    def holds(self, window: Window, labelled: int, by: tuple[Version, Policy, Measured | None]) -> bool:
        """Whether less than a tenth of the rows and of the outcomes are new."""
        fresh = pc.sum(pc.greater(pc.cast(window.table["ts"], "int64"), round(self.newest_s * 1e6))).as_py()
        is_same = all(mine is theirs for mine, theirs in zip(self.by, by, strict=True))
        is_set_back = seconds(window.table["ts"][-1]) < self.newest_s
        few_rows = fresh * FRESH_PART < window.rows and not is_set_back
        return is_same and few_rows and abs(labelled - self.labelled) * FRESH_PART <= self.labelled


class Checked(NamedTuple):
    """A result and what it was made of: the same rows with the same outcomes are checked once."""

    result: Result
    labelled: int
    measured: Measured | None
    quality: Quality | None


@dataclass(frozen=True, slots=True)
class LaneCheck:
    """Checks live windows.

    Attributes:
        settings: Thresholds and sizes.
        versions: What windows are compared with.
        measured: Closed windows with outcomes, for lanes whose outcomes come later than a window lasts.
        reports: Draws reports.
        metrics: Counts them.
        now: Seconds since 1970.
        count: Told of a model and why a check of it came to nothing.
        fail: Likewise, where that makes the round a failure.
    """

    settings: Settings
    versions: Versions
    measured: NewestMeasured
    reports: Reports
    metrics: MonitorMetrics
    now: Callable[[], float]
    count: Tell
    fail: Tell
    streams: Streams = field(default_factory=Streams)

    def check(
        self, window: Window, rows: pa.Table, policy: Policy, last: Checked | None, *, drawing: Drawing
    ) -> Checked:
        """Check a lane.

        Args:
            window: The lane's newest rows.
            rows: The same, joined with their outcomes.
            policy: The model's.
            last: What was found the round before.
            drawing: Which reports are made.
        """
        lane, labelled = window.lane, int(rows.num_rows - rows["label"].null_count)
        try:
            known = self._known(window)
            if last and drawing is not Drawing.ALL and self._is_same(last, window, labelled, policy):
                same = replace(last.result, stage=known.stage, made_s=known.made_s, traffic=window.traffic)
                return last._replace(result=same)
            version = self.versions.get(lane.model, lane.version, hidden=policy.hidden)
        except (NoReferenceError, UnknownVersionError, RegistryAwayError) as error:
            tell = self.fail if isinstance(error, RegistryAwayError) else self.count
            tell(lane.model, REASONS[type(error)])
            return Checked(replace(_blank(window), note=str(error)), labelled, None, None)
        profile = profile_of(version, [window.table], sample_rows=self.settings.monitor_max_rows)
        quality = self._quality(window, rows, version, policy, last.quality if last else None)
        found = both(self._drift(window, version, profile, policy), quality.found)
        alarm = self.streams.update(window, version.reference, policy.hidden)
        result = replace(_filled(known, found), stream=alarm)
        report = self._report(result, version, profile, rows, last.result if last else None, drawing=drawing)
        return Checked(replace(result, report=report), labelled, self.measured.held(lane), quality)

    def _is_same(self, last: Checked, window: Window, labelled: int, policy: Policy) -> bool:
        if last.result.drift is None or last.measured is not self.measured.held(window.lane):
            return False
        if last.quality is None or last.quality.by[1] is not policy:
            return False
        return last.labelled == labelled and last.result.newest == window.newest

    def _known(self, window: Window) -> Result:
        facts = self.versions.facts(window.lane.model, window.lane.version)
        blank = _blank(window)
        return replace(blank, stage=facts.stage, made_s=facts.made_s) if facts else blank

    def _drift(self, window: Window, version: Version, profile: Profile, policy: Policy) -> Found:
        missing = self.settings.monitor_min_rows - window.rows
        if missing > 0:
            return Found(notes=(f"{missing} more rows are needed for a check",))
        return drift_of(version, profile, policy, drift_share=self.settings.drift_share)

    def _quality(
        self, window: Window, rows: pa.Table, version: Version, policy: Policy, last: Quality | None
    ) -> Quality:
        try:
            closed = self.measured.of(window.lane, version.standard.task)
        except LifecycleError:  # the round tells of the database by itself
            closed = None
        labelled, by = int(rows.num_rows - rows["label"].null_count), (version, policy, closed)
        if last and last.holds(window, labelled, by):
            return last
        return Quality(self._measured(rows, version, policy, closed), seconds(rows["ts"][-1]), labelled, by)

    def _measured(self, rows: pa.Table, version: Version, policy: Policy, closed: Measured | None) -> Found:
        """Of the live rows; of the newest closed window where too few of these have outcomes."""
        live = quality_of(version.standard, rows, policy, known=closed.known if closed else None)
        if live.quality and live.quality.labelled >= self.settings.monitor_min_rows:
            return live
        then = closed.found if closed else Found()
        if then.quality is None or (live.quality and live.quality.labelled >= then.quality.labelled):
            return live
        notes = tuple(dict.fromkeys((*then.notes, *live.notes)))
        return replace(live, quality=then.quality, is_bad=then.is_bad, notes=notes)

    def _report(
        self,
        result: Result,
        version: Version,
        profile: Profile,
        rows: pa.Table,
        last: Result | None,
        *,
        drawing: Drawing,
    ) -> Report | None:
        before = last.report if last else self.reports.newest(result)
        is_due = result.drift is not None and self._is_due(before, result, last)
        if drawing is Drawing.NONE or (drawing is Drawing.DUE and not is_due):
            return before
        material = material_of(version, result.drift, sample=profile.sample, rows=rows)
        try:
            share = result.drift.drift_share if result.drift else self.settings.drift_share
            report = self.reports.make(result, material, drift_share=share, now_s=self.now())
        except OSError as error:
            self.fail(result.model, "report")
            log.warning("the report of %s cannot be kept (%s); what was measured is", result.lane, error)
            return before
        self.metrics.reports.labels(result.model).inc()
        return report

    def _is_due(self, before: Report | None, result: Result, last: Result | None) -> bool:
        """A report is some MB: the first one, one when a verdict changes, and one a window's length."""
        if before is None:
            return True
        if last and (last.is_drifted, last.is_bad) != (result.is_drifted, result.is_bad):
            return True
        return self.now() - before.made_s >= self.settings.monitor_window_s


def _blank(window: Window) -> Result:
    since, until = (datetime.fromtimestamp(each, UTC) for each in (window.span.since_s, window.span.until_s))
    return Result(window.lane, UNKNOWN_STAGE, window.rows, since, until, window.newest, window.traffic)


def _filled(known: Result, found: Found) -> Result:
    return replace(
        known,
        drift=found.drift,
        is_drifted=found.is_drifted,
        quality=found.quality,
        is_bad=found.is_bad,
        estimate=found.estimate,
        is_estimate_bad=found.is_estimate_bad,
        business=found.business,
        note=found.note,
    )
