"""A round over all models: each version that answered lately is compared with its reference.

log -> window -> reference -> drift -> report (when one is due) -> result

A version that fails stops no other.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from monitoring.columns import tidy
from monitoring.drift import Drift, measure
from monitoring.metrics import MonitorMetrics
from monitoring.reference import Reference, References
from monitoring.registry import (
    NoReferenceError,
    Registry,
    RegistryAwayError,
    UnknownVersionError,
    VersionFacts,
    unknown_model,
)
from monitoring.reports import Reports
from monitoring.result import Report, Result
from monitoring.window import Window, windows
from serving.settings import Settings

log = logging.getLogger(__name__)

Key = tuple[str, str]
UNKNOWN_STAGE = "?"
REASONS = {
    NoReferenceError: "no_reference",
    UnknownVersionError: "unknown_version",
    RegistryAwayError: "registry",
}


class Monitor:
    """The newest result of every version. One thread makes rounds, any may read."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        metrics: MonitorMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._registry, self._metrics, self._now = settings, registry, metrics, now
        self._references = References(
            registry, settings.monitor_dir / "references", settings.monitor_max_rows
        )
        self._reports = Reports(registry, settings.monitor_dir / "reports", on_away=self._was_away)
        self._results: dict[Key, Result] = {}
        self.failures = 0
        self.checked_s = 0.0
        self._is_absence_said = False

    def results(self) -> tuple[Result, ...]:
        """The newest result of each version that answered in its window, by model and version."""
        return tuple(self._results.values())

    def models(self) -> list[str]:
        """The registered models; while MLflow is away, those of which a reference is kept.

        Raises:
            RegistryAwayError: MLflow is away and nothing is kept.
        """
        self._is_absence_said = False
        try:
            return self._registry.names()
        except RegistryAwayError as error:
            kept = self._references.models()
            if not kept:
                self._count("", "registry")
                raise
            self._was_away(error)
            return kept

    def model(self, name: str) -> str:
        """The name, if it is registered.

        Raises:
            UnknownModelError: It is not; the message names near ones.
            RegistryAwayError: MLflow is away and nothing is kept.
        """
        known = self.models()
        if name not in known:
            raise unknown_model(name, known)
        return name

    def round(self, models: list[str]) -> None:
        """Check every version of these models that answered lately; other models' results leave."""
        newest: dict[Key, Result] = {}
        for model in models:
            newest |= self._of_model(model)
        self._results = newest
        self.checked_s = self._now()
        self._metrics.last_check.set(self.checked_s)

    def _of_model(self, model: str) -> dict[Key, Result]:
        found: dict[Key, Result] = {}
        with self._failure_kept_here(model, "log"):
            for window in windows(
                self._settings.prediction_log_dir,
                model,
                now_s=self._now(),
                window_s=self._settings.monitor_window_s,
                max_rows=self._settings.monitor_max_rows,
            ):
                with self._failure_kept_here(model, "check"), self._metrics.check_seconds.time():
                    result = self._of_version(window, self._results.get((model, window.version)))
                    found[result.key] = result
        return found

    def _of_version(self, window: Window, last: Result | None) -> Result:
        try:
            facts = self._facts(window)
            stage = facts.stage if facts else last.stage if last else UNKNOWN_STAGE
            if last and last.drift and last.newest == window.newest:
                return replace(last, stage=stage)
            missing = self._settings.monitor_min_rows - window.rows
            if missing > 0:
                return _result(window, stage, note=f"{missing} more rows are needed for a check")
            reference = self._references.get(window.model, window.version, facts)
        except (NoReferenceError, UnknownVersionError, RegistryAwayError) as error:
            self._count(window.model, REASONS[type(error)])
            self.failures += isinstance(error, RegistryAwayError)
            return _result(window, UNKNOWN_STAGE, note=str(error))
        return self._compared(window, stage, reference, last)

    def _facts(self, window: Window) -> VersionFacts | None:
        try:
            return self._registry.facts(window.model, window.version)
        except RegistryAwayError as error:
            self._was_away(error)
            return None

    def _compared(self, window: Window, stage: str, reference: Reference, last: Result | None) -> Result:
        share = self._settings.drift_share
        rows = tidy(window.cells, window.rows, reference.columns)
        drift, snapshot = measure(reference.rows, rows, reference.columns, drift_share=share)
        is_drifted = drift.share >= share
        report = last.report if last else None
        if self._is_report_due(last, is_drifted=is_drifted):
            try:
                report = self._reports.make(window, drift, snapshot, is_drifted=is_drifted, now_s=self._now())
                self._metrics.reports.labels(window.model).inc()
            except OSError as error:
                self._fail(window.model, "report")
                log.warning(
                    "the report of '%s' cannot be kept (%s); what was measured is", window.model, error
                )
        return _result(window, stage, drift=drift, is_drifted=is_drifted, report=report)

    def _is_report_due(self, last: Result | None, *, is_drifted: bool) -> bool:
        """A report is 5 MB: the first one, one when the verdict changes, and one a window's length."""
        if last is None or last.report is None or last.is_drifted != is_drifted:
            return True
        return self._now() - last.report.made_s >= self._settings.monitor_window_s

    @contextmanager
    def _failure_kept_here(self, model: str, reason: str) -> Iterator[None]:
        try:
            yield
        except Exception:  # the loop's edge: logged with its traceback, and counted
            log.exception("the check of '%s' failed", model)
            self._fail(model, reason)

    def _fail(self, model: str, reason: str) -> None:
        self.failures += 1
        self._count(model, reason)

    def _count(self, model: str, reason: str) -> None:
        self._metrics.check_errors.labels(model, reason).inc()

    def _was_away(self, error: RegistryAwayError) -> None:
        """Counted each time, said once a round."""
        self._count("", "registry")
        if not self._is_absence_said:
            log.warning("%s; going on with what is kept here", error)
        self._is_absence_said = True


def _result(
    window: Window,
    stage: str,
    *,
    drift: Drift | None = None,
    is_drifted: bool = False,
    report: Report | None = None,
    note: str = "",
) -> Result:
    return Result(
        window.model,
        window.version,
        window.variants,
        stage,
        window.rows,
        window.since,
        window.until,
        window.newest,
        drift,
        is_drifted=is_drifted,
        note=note,
        report=report,
    )
