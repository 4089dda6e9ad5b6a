"""What a check of one model version found, and how it is said in one line."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitoring.drift import Drift

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


@dataclass(frozen=True, slots=True)
class Result:
    """One version's newest check."""

    model: str
    version: str
    variants: tuple[str, ...]
    stage: str
    rows: int
    since: datetime
    until: datetime
    newest: str
    drift: Drift | None
    """None while there is nothing to compare; `note` says why."""
    is_drifted: bool
    note: str
    report: Report | None

    @property
    def key(self) -> tuple[str, str]:
        """Model and version."""
        return self.model, self.version


def line(result: Result) -> str:
    """One readable line: drift share, drifted columns in order, and where the report is."""
    who = f"{result.model} version {result.version} ({', '.join(result.variants)}), {result.rows} rows"
    if result.drift is None:
        return f"{who}: {result.note}"
    drift = result.drift
    said = [f"{who}: drift share {drift.share:.2f}{' (drift)' if result.is_drifted else ''}", _drifted(drift)]
    if drift.vanished:
        said.append(f"no values in the window: {_some(drift.vanished)}")
    if drift.without_reference:
        said.append(f"not judged, as the reference has no values: {_some(drift.without_reference)}")
    if result.report:
        said.append(f"report: {_places(result.report)}")
    return "; ".join(said)


def as_json(result: Result) -> dict[str, object]:
    """The same for programs."""
    drift, report = result.drift, result.report
    return {
        "model": result.model,
        "version": result.version,
        "variants": list(result.variants),
        "stage": result.stage,
        "rows": result.rows,
        "since": result.since.isoformat(),
        "until": result.until.isoformat(),
        "drift_share": drift.share if drift else None,
        "is_drifted": result.is_drifted if drift else None,
        "columns": [
            {
                "name": column.name,
                "distance": column.distance,
                "threshold": column.threshold,
                "is_drifted": column.is_drifted,
            }
            for column in (drift.columns if drift else ())
        ],
        "note": result.note,
        "report": str(report.path) if report and report.path else None,
        "run": report.run if report else None,
    }


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
