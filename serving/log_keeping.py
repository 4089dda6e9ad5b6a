"""One worker's prediction log beside the hot path: feedback, upkeep, what metrics and `/ready` tell of it."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from serving.metrics import Metrics
from serving.prediction_log import layout
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.judge import KINDS
from serving.prediction_log.segment import SegmentWriter
from serving.prediction_log.whose import known_of
from serving.registry.table import Table
from serving.sealing import Sealer
from serving.settings import Settings
from serving.web.admission import Admission
from serving.web.feedback import FeedbackDoor
from serving.web.guards import Guards


class LogKeeping:
    """Holds the outcomes' log and the upkeep. For the event loop's thread, but for the sealer's own.

    Args:
        settings: Where the log is, and how it is kept.
        metrics: The worker's metrics.
        commit: The predictions' log.
        admission: Counts what the worker takes on.
        guards: Who may send feedback.
        is_elected: Whether this worker does the upkeep.
        table: Gives the routing table, for the models' policies.

    Attributes:
        door: Answers `POST /feedback`.
        sealer: Keeps the log up, in a thread.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        commit: GroupCommit,
        admission: Admission,
        guards: Guards | None,
        *,
        is_elected: Callable[[], bool],
        table: Callable[[], Table],
    ) -> None:
        self._metrics, self._predictions, self._is_on = metrics, commit, settings.log_predictions
        self._writer = SegmentWriter(
            layout.outcomes_dir(settings.prediction_log_dir),
            max_bytes=settings.log_segment_bytes,
            max_age_s=settings.log_segment_s,
        )
        self._commit = GroupCommit(self._writer, "feedback", "it is refused with 503")
        self.door = FeedbackDoor(
            self._commit,
            admission,
            guards,
            partial(known_of, settings.prediction_log_dir, s3_uri=settings.log_s3_uri),
            body_bytes=settings.gateway_max_body_bytes,
            time_s=settings.gateway_time_limit_s,
        )
        self.sealer = Sealer(is_elected, lambda: retention(table()))
        self._counted = {"failures": 0, **self.door.counts, **dict.fromkeys(KINDS, 0)}
        for result in self.door.counts:
            metrics.feedback.labels(result)
        for kind in KINDS:
            metrics.outcomes.labels(kind)

    def flush(self) -> None:
        """Bring what was counted since the last call into the metrics, and close a segment that is due."""
        self._writer.rotate_if_due()
        for result, count in self.door.counts.items():
            self._metrics.feedback.labels(result).inc(self._since(result, count))
        for kind, count in list(self.sealer.kinds.items()):
            self._metrics.outcomes.labels(kind).inc(self._since(kind, count))
        self._metrics.log_seal_failures.inc(self._since("failures", self.sealer.failures))
        files, size_bytes, age_s = self.sealer.backlog(time.time())
        self._metrics.log_backlog_files.set(files)
        self._metrics.log_backlog_bytes.set(size_bytes)
        self._metrics.log_backlog_age.set(age_s)

    def close(self) -> None:
        """End: write what waits, and leave the segment to be sealed."""
        self._commit.flush()
        self._writer.close()
        self.flush()

    def detail(self) -> Mapping[str, Any]:
        """What `/ready` tells of the log; none of it keeps the gateway from answering."""
        problems = []
        if self._predictions.is_refusing:
            lost = self._predictions.lost_lines
            problems.append(f"the prediction log cannot be written; {lost} records of this worker are lost")
        if self._commit.is_refusing:
            problems.append("the last feedback could not be written; it was refused with 503")
        if self.sealer.problem:
            problems.append(f"the prediction log could not be kept up: {self.sealer.problem}")
        return {
            "is_on": self._is_on,
            "written": self._predictions.written_lines,
            "lost": self._predictions.lost_lines,
            "problems": problems,
        }

    def _since(self, name: str, count: int) -> int:
        before, self._counted[name] = self._counted[name], count
        return count - before


def retention(table: Table) -> dict[str, float]:
    """The days that models' policies say their logs are kept."""
    policies = {route.state.model: route.policy for route in table.values()}
    for route in table.values():
        policies |= {lane.held.model: lane.policy for lane in (*route.lanes, *route.shadows) if lane}
    return {model: days for model, policy in policies.items() if (days := policy.retention_days) is not None}
