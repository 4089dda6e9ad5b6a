"""A round over all models: each lane that answered lately is checked, and closed windows are judged.

log -> live windows -> reference -> drift, quality -> report (when one is due) -> results
log -> closed windows that are due, or whose outcomes came late -> history

A lane that fails stops no other.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa

from monitoring.closing import Closer, Due
from monitoring.history import History
from monitoring.lane import Lane, Span
from monitoring.lane_check import Checked, Drawing, LaneCheck
from monitoring.late import Late
from monitoring.measured import NewestMeasured
from monitoring.metrics import MonitorMetrics
from monitoring.policy import NO_POLICY, Policy, parse
from monitoring.reference import References
from monitoring.registry import Registry, RegistryAwayError, unknown_model
from monitoring.reports.making import Reports
from monitoring.result import Result
from monitoring.versions import Versions
from monitoring.windows.live import live_windows
from monitoring.windows.outcomes import outcomes_of
from serving.lifecycle.errors import LifecycleError
from serving.prediction_log import outcomes as told
from serving.prediction_log.bucket import BucketError
from serving.prediction_log.scan import Scanner
from serving.settings import Settings

log = logging.getLogger(__name__)


class Monitor:
    """The newest result of every lane. One thread makes rounds, any may read and ask for reports."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        metrics: MonitorMetrics,
        history: History,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._registry, self._metrics, self._now = settings, registry, metrics, now
        self._history = history
        self._references = References(
            registry, settings.monitor_dir / "references", settings.monitor_max_rows
        )
        self._scanner = Scanner(settings.prediction_log_dir, settings.log_s3_uri)
        versions = Versions(registry, self._references, self._was_away)
        self._versions = versions
        measured = NewestMeasured(history)
        self._closer = Closer(settings, self._scanner, versions, history, measured)
        self._late = Late(self._closer)
        reports = Reports.under(
            settings.monitor_dir, registry, kept=settings.monitor_reports_kept, on_away=self._was_away
        )
        self._check = LaneCheck(settings, versions, measured, reports, metrics, now, self._count, self._fail)
        self._policies: dict[str, Policy] = {}
        self._texts: dict[str, str | None] = {}
        self._said: set[str] = set()
        self._checked: dict[Lane, Checked] = {}
        self._asked: set[Lane] = set()
        self.woken = threading.Event()
        """Set when the next round should not be waited for."""
        self.failures = 0
        self.checked_s = 0.0
        self._is_absence_said = False

    def results(self) -> tuple[Result, ...]:
        """The newest result of each lane that answered in its window, by model, version and variant."""
        return tuple(checked.result for checked in self._checked.values())

    def broken(self) -> Mapping[str, str]:
        """Files of the prediction log that could not be read, and why."""
        return dict(self._scanner.broken)

    def ask_report(self, lane: Lane) -> bool:
        """Have a report of a lane drawn in the next round, which begins at once.

        Returns:
            Whether the lane is among the results.
        """
        if lane not in self._checked:
            return False
        self._asked.add(lane)
        self.woken.set()
        return True

    def models(self) -> list[str]:
        """The registered models; while MLflow is away, those of which a reference is kept.

        Raises:
            RegistryAwayError: MLflow is away and nothing is kept.
        """
        self._is_absence_said = False
        try:
            texts = self._registry.models()
        except RegistryAwayError as error:
            kept = self._references.models()
            if not kept:
                self._count("", "registry")
                raise
            self._was_away(error)
            return kept
        for name in [name for name, text in self._texts.items() if texts.get(name, "gone") != text]:
            self._policies.pop(name, None)
        self._texts = texts
        for name, text in texts.items():
            if name not in self._policies:
                self._policies[name] = self._policy(name, text)
        return list(texts)

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

    def policies(self, models: list[str]) -> dict[str, Policy]:
        """What is wanted of models, as the registry said last."""
        return {model: self._policies.get(model, NO_POLICY) for model in models}

    def forget(self) -> None:
        """Let go of the results: another monitor tells of them."""
        self._checked = {}

    def round(
        self, models: list[str], *, drawing: Drawing = Drawing.DUE, stay: Callable[[], None] = lambda: None
    ) -> None:
        """Check every lane of these models that answered lately; other models' results leave.

        Args:
            models: Registered names.
            drawing: Which lanes get a report now.
            stay: Called often, to keep what must be renewed while the round lasts.
        """
        self._versions.begin_round()
        self._metrics.watch(models)
        now_s, policies = self._now(), self.policies(models)
        self._check_lanes(policies, now_s, drawing, stay)
        with self._failure_kept_here("", "history"):
            self._close_windows(policies, now_s, stay)
            self._history.prune(now_s, self._settings.monitor_history_days)
        self._scanner.forget_gone()
        self._metrics.broken_files.set(len(self._scanner.broken))
        self.checked_s = self._now()
        self._metrics.last_check.set(self.checked_s)

    def _check_lanes(
        self, policies: Mapping[str, Policy], now_s: float, drawing: Drawing, stay: Callable[[], None]
    ) -> None:
        span = Span(now_s - self._settings.monitor_window_s, now_s)
        outcomes = self._outcomes([span])
        newest: dict[Lane, Checked] = {}
        for model, policy in policies.items():
            with self._failure_kept_here("", "history"):
                stay()
            newest |= self._live(model, policy, span, outcomes, drawing=drawing)
        self._checked = newest
        self._check.streams.keep(newest)

    def _close_windows(self, policies: Mapping[str, Policy], now_s: float, stay: Callable[[], None]) -> None:
        marks = self._history.marks()
        with self._failure_kept_here("", "check"):
            self._late.look(policies, marks, now_s)
        due: dict[str, list[Due]] = {}
        for model in policies:
            with self._failure_kept_here(model, "check"):
                due[model] = self._closer.due(model, marks, now_s)
        outcomes = outcomes_of(self._scanner, [each.span for spans in due.values() for each in spans])
        for model, mine in due.items():
            with self._failure_kept_here(model, "check"):
                written = self._closer.close(model, policies[model], mine, outcomes, now_s, stay=stay)
                self._metrics.closed_windows.labels(model).inc(written)

    def _policy(self, model: str, text: str | None) -> Policy:
        policy = parse(text, model=model)
        for problem in policy.problems:
            if problem not in self._said:
                log.warning("%s; its default stands", problem)
        self._said.update(policy.problems)
        return policy

    def _outcomes(self, spans: list[Span]) -> pa.Table:
        with self._failure_kept_here("", "log"):
            return outcomes_of(self._scanner, spans)
        return told.SCHEMA.empty_table()

    def _live(
        self, model: str, policy: Policy, span: Span, outcomes: pa.Table, *, drawing: Drawing
    ) -> dict[Lane, Checked]:
        found: dict[Lane, Checked] = {}
        with self._failure_kept_here(model, "log"):
            for window in live_windows(
                self._scanner, model, span, max_rows=self._settings.monitor_max_rows, known=self._checked
            ):
                lane = window.lane
                wanted = Drawing.ALL if lane in self._asked else drawing
                self._asked.discard(lane)
                with self._failure_kept_here(model, "check"), self._metrics.check_seconds.time():
                    rows = told.join(window.table, outcomes)
                    last = self._checked.get(lane)
                    found[lane] = self._check.check(window, rows, policy, last, drawing=wanted)
        return found

    @contextmanager
    def _failure_kept_here(self, model: str, reason: str) -> Iterator[None]:
        try:
            yield
        except LifecycleError as error:
            log.warning("the history does not take what was found (%s); it is tried again", error)
            self._fail(model, "history")
        except BucketError as error:
            log.warning("the prediction log's copy cannot be read: %s", error)
            self._fail(model, "log")
        except OSError as error:
            log.warning("the check of '%s' failed: %s", model, error)
            self._fail(model, reason)
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
