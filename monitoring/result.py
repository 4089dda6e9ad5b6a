"""What a check of one lane found, and how it is said in one line."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.drift.stream import StreamAlarm
from monitoring.drift.verdict import Drift
from monitoring.lane import Lane
from monitoring.windows.traffic import Traffic

if TYPE_CHECKING:
    from monitoring.quality.figures import Business, Estimate, Quality

NAMED_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Report:
    """Where an Evidently report lies."""

    made_s: float
    """When, in seconds since the epoch."""
    path: Path | None
    """The local file; None if no column could be compared."""
    run: str | None
    """The MLflow run that holds it; None if MLflow was away."""
    quality: Path | None = None
    """The quality report's local file; None if no outcome is known."""


@dataclass(frozen=True, slots=True)
class Result:
    """One lane's newest check.

    Attributes:
        lane: Whose predictions.
        stage: The version's stage; `?` while MLflow does not say.
        rows: Predictions in the live window.
        since: Where the window begins: after the oldest rows, where there were more than were taken.
        until: Where it ends.
        newest: The newest prediction's id: the same id, the same window.
        traffic: What was answered, and how fast.
        drift: The window against the version's reference; None while there is nothing to compare.
        is_drifted: Whether the share of drifted columns alarms.
        stream: What the detector between reports says; None while it is silent.
        quality: The task's metrics, of the newest rows whose outcomes are known; None without such.
        is_bad: Whether they are below what the policy or the training promised.
        estimate: Metrics estimated without outcomes; None where the version gives no probabilities.
        is_estimate_bad: Whether they are below what was promised.
        business: The policy's business metrics; None without any.
        note: Why something is missing, or what is bad, in sentences; empty if nothing is.
        report: The newest report.
        made_s: When the version was registered, in seconds since 1970; None while MLflow does not say.
    """

    lane: Lane
    stage: str
    rows: int
    since: datetime
    until: datetime
    newest: str
    traffic: Traffic
    drift: Drift | None = None
    is_drifted: bool = False
    stream: StreamAlarm | None = None
    quality: "Quality | None" = None
    is_bad: bool = False
    estimate: "Estimate | None" = None
    is_estimate_bad: bool = False
    business: "Business | None" = None
    note: str = ""
    report: Report | None = None
    made_s: float | None = None

    @property
    def model(self) -> str:
        """The registered model's name."""
        return self.lane.model

    @property
    def version(self) -> str:
        """The version that answered."""
        return self.lane.version

    @property
    def variant(self) -> str:
        """The route's variant."""
        return self.lane.variant


def line(result: Result) -> str:
    """One readable line: drift share, drifted columns in order, and where the report is."""
    who = f"{result.lane}, {result.rows} rows"
    said = [*_of_drift(result), *_of_quality(result)]
    if result.note:
        said.append(result.note)
    if result.report:
        said.append(f"report: {_places(result.report)}")
    return f"{who}: {'; '.join(said)}"


def as_json(result: Result) -> dict[str, object]:
    """The same for programs."""
    drift, report, traffic = result.drift, result.report, result.traffic
    return {
        **result.lane._asdict(),
        "stage": result.stage,
        "rows": result.rows,
        "since": result.since.isoformat(),
        "until": result.until.isoformat(),
        "per_second": traffic.per_second,
        "p50_ms": traffic.p50_ms,
        "p99_ms": traffic.p99_ms,
        "drift_share": drift.share if drift else None,
        "is_drifted": result.is_drifted if drift else None,
        "columns": [
            {**asdict(column), "is_drifted": column.is_drifted} for column in (drift.columns if drift else ())
        ],
        "findings": list(drift.findings) if drift else [],
        "is_stream_drifted": result.stream is not None,
        "labelled": result.quality.labelled if result.quality else 0,
        "quality": result.quality.values if result.quality else None,
        "is_bad": result.is_bad if result.quality else None,
        "estimate": result.estimate.values if result.estimate else None,
        "is_estimate_bad": result.is_estimate_bad if result.estimate else None,
        "business": dict(result.business.metrics) if result.business else {},
        "note": result.note,
        "report": str(report.path) if report and report.path else None,
        "quality_report": str(report.quality) if report and report.quality else None,
        "run": report.run if report else None,
    }


def _of_drift(result: Result) -> list[str]:
    drift = result.drift
    if drift is None:
        return []
    said = [f"drift share {drift.share:.2f}{' (drift)' if result.is_drifted else ''}", _drifted(drift)]
    if drift.vanished:
        said.append(f"no values in the window: {_some(drift.vanished)}")
    if drift.without_reference:
        said.append(f"not judged, as the reference has no values: {_some(drift.without_reference)}")
    return said


def _of_quality(result: Result) -> list[str]:
    quality = result.quality
    if quality is None:
        return []
    values = [f"{name} {figure}" for name, figure in quality.metrics.items()]
    verdict = " (bad)" if result.is_bad else ""
    return [f"quality of {quality.labelled} labelled rows{verdict}: {_some(values)}"]


def _drifted(drift: Drift) -> str:
    if not drift.drifted:
        return f"none of {len(drift.columns)} columns drifted"
    named = [f"{column.name} {column.distance:.2f}" for column in drift.drifted]
    return f"{len(named)} of {len(drift.columns)} columns drifted: {_some(named)}"


def _some(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - NAMED_COLUMNS
    return ", ".join(names[:NAMED_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def _places(report: Report) -> str:
    path = str(report.path) if report.path else "nothing could be drawn"
    return f"{report.run} and {path}" if report.run else f"{path} (not in MLflow, which did not answer)"
