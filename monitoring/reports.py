"""Where drift reports go: an HTML file here, and a run in the model's monitoring experiment."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.drift import Drift
from monitoring.places import version_dir
from monitoring.registry import Registry, RegistryAwayError, metric_names
from monitoring.result import Report
from monitoring.window import Window

KEPT_FILES = 3


@dataclass(frozen=True, slots=True)
class Reports:
    """Writes reports; the files live in a folder a version, the newest few of each."""

    registry: Registry
    folder: Path
    on_away: Callable[[RegistryAwayError], None]
    """Told when MLflow was away and the report stays here only."""

    def make(self, window: Window, drift: Drift, snapshot: Any, *, is_drifted: bool, now_s: float) -> Report:
        """Save the report and log it.

        Args:
            window: What was compared.
            drift: What came of it.
            snapshot: Evidently's snapshot, or None if no column could be compared.
            is_drifted: The verdict on the whole window.
            now_s: The time, in seconds since the epoch.

        Raises:
            OSError: The file cannot be written.
        """
        path = self._save(window, snapshot, now_s) if snapshot is not None else None
        try:
            run = self.registry.log_run(
                window.model,
                f"{window.model} {window.version} {_stamp(now_s)}",
                metrics=_metrics(window, drift),
                tags=_tags(window, is_drifted=is_drifted),
                now_ms=int(now_s * 1000),
                report=path,
            )
        except RegistryAwayError as error:
            self.on_away(error)
            run = None
        return Report(now_s, path, run)

    def _save(self, window: Window, snapshot: Any, now_s: float) -> Path:
        home = version_dir(self.folder, window.model, window.version)
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"drift-{_stamp(now_s)}.html"
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            snapshot.save_html(str(part))
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        for old in sorted(home.glob("drift-*.html"))[:-KEPT_FILES]:
            old.unlink(missing_ok=True)
        return path.absolute()


def _stamp(now_s: float) -> str:
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def _metrics(window: Window, drift: Drift) -> dict[str, float]:
    whole = {
        "drift_share": drift.share,
        "drifted_columns": float(len(drift.drifted)),
        "window_rows": float(window.rows),
    }
    names = metric_names([column.name for column in drift.columns])
    return whole | {names[column.name]: column.distance for column in drift.columns}


def _tags(window: Window, *, is_drifted: bool) -> dict[str, str]:
    return {
        "penstock.model": window.model,
        "penstock.version": window.version,
        "penstock.variant": ",".join(window.variants),
        "penstock.drift": "yes" if is_drifted else "no",
        "penstock.window_since": window.since.isoformat(),
        "penstock.window_until": window.until.isoformat(),
    }
