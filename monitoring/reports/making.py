"""Makes a lane's reports and files them: pages here, a run in MLflow, snapshots in Evidently's workspace."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.quality.metric_names import METRICS
from monitoring.registry import Registry, RegistryAwayError
from monitoring.reports.evidently import drift_report, quality_report
from monitoring.reports.material import Material
from monitoring.reports.newest import keep, kept
from monitoring.reports.pages import Heading, Pages
from monitoring.reports.runs import drop_old_pages, log_report
from monitoring.reports.workspace import Workspace
from monitoring.result import Report, Result

log = logging.getLogger(__name__)

DRIFT, QUALITY = "drift", "quality"
NAMED_METRICS = 4
NAMED_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Reports:
    """Makes reports, one at a time: a report takes seconds and a few hundred MB.

    Attributes:
        registry: Where the runs go.
        pages: Where the pages go.
        workspace: Where Evidently's snapshots go.
        kept: How many runs of a lane keep their pages in MLflow.
        on_away: Told when MLflow was away and the report stays here only.
    """

    registry: Registry
    pages: Pages
    workspace: Workspace
    kept: int
    on_away: Callable[[RegistryAwayError], None]
    _one: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def under(
        cls, folder: Path, registry: Registry, *, kept: int, on_away: Callable[[RegistryAwayError], None]
    ) -> "Reports":
        """Reports in the monitor's folder: `reports` and `workspace`."""
        workspace = Workspace(folder / "workspace", kept)
        return cls(registry, Pages(folder / "reports"), workspace, kept, on_away)

    def make(self, result: Result, material: Material, *, drift_share: float, now_s: float) -> Report:
        """Draw a result and file it.

        Args:
            result: What was measured.
            material: The rows that it was measured on.
            drift_share: The share of drifted columns from which there is drift.
            now_s: The time, in seconds since 1970.

        Raises:
            OSError: A page cannot be written.
        """
        with self._one:
            drawn = _drawn(result, material, drift_share=drift_share, now_s=now_s)
            paths = {
                kind: self.pages.save(result.lane, kind, snapshot, _heading(kind, result), made_s=now_s)
                for kind, snapshot in drawn.items()
            }
            self._file(result, drawn, now_s, is_regression=material.is_regression)
            report = Report(now_s, paths.get(DRIFT), self._run(result, paths, now_s), paths.get(QUALITY))
            keep(self.pages.folder, result, report)
        return report

    def newest(self, result: Result) -> Report | None:
        """The lane's newest report, whichever monitor made it; None if its verdicts were others."""
        return kept(self.pages.folder, result)

    def _file(self, result: Result, drawn: Mapping[str, Any], now_s: float, *, is_regression: bool) -> None:
        try:
            for kind, snapshot in drawn.items():
                self.workspace.add(result.lane, kind, snapshot, made_s=now_s, is_regression=is_regression)
        except OSError as error:
            log.warning("the Evidently workspace does not take the report of %s (%s)", result.lane, error)

    def _run(self, result: Result, paths: Mapping[str, Path], now_s: float) -> str | None:
        try:
            run = log_report(self.registry, result, list(paths.values()), now_s=now_s)
        except RegistryAwayError as error:
            self.on_away(error)
            return None
        drop_old_pages(self.registry, result, kept=self.kept)
        return run


def _drawn(result: Result, material: Material, *, drift_share: float, now_s: float) -> dict[str, Any]:
    made, found = datetime.fromtimestamp(now_s, UTC), {}
    if material.compared:
        about = _about(result, DRIFT)
        found[DRIFT] = drift_report(material.compared, drift_share=drift_share, made=made, about=about)
    if material.scored:
        about = _about(result, QUALITY)
        found[QUALITY] = quality_report(material.scored, material.learned, made=made, about=about)
    return found


def _about(result: Result, kind: str) -> dict[str, str]:
    return {"kind": kind, "version": result.version, "variant": result.variant}


def _heading(kind: str, result: Result) -> Heading:
    span = f"{result.since:%Y-%m-%d %H:%M:%S} to {result.until:%Y-%m-%d %H:%M:%S} UTC"
    return Heading(
        f"{result.lane}: {kind}",
        f"{result.rows:,} predictions from {span}, beside the version's held-out rows",
        _drift_findings(result) if kind == DRIFT else _quality_findings(result),
    )


def _drift_findings(result: Result) -> Sequence[str]:
    drift = result.drift
    if drift is None:
        return ()
    verdict = "this is drift" if result.is_drifted else "this is no drift"
    share = f"{len(drift.drifted)} of {len(drift.columns)} columns drifted ({drift.share:.0%}): {verdict}."
    named = [f"{column.name} {column.distance:.2f}" for column in drift.ranked if column.is_drifted]
    more = f" and {len(named) - NAMED_COLUMNS} more" if len(named) > NAMED_COLUMNS else ""
    listed = (f"Those that matter most: {', '.join(named[:NAMED_COLUMNS])}{more}.",) if named else ()
    return (share, *listed, *drift.findings)


def _quality_findings(result: Result) -> Sequence[str]:
    quality = result.quality
    if quality is None:
        return ()
    named = [name for name in METRICS if name in quality.metrics][:NAMED_METRICS]
    figures = [f"{name} {quality.metrics[name]}" for name in named]
    verdict = ", which is low" if result.is_bad else ""
    said = f"Measured on {quality.labelled:,} rows with outcomes{verdict}: {', '.join(figures)}."
    return (said, *quality.notes)
