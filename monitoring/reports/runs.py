"""The MLflow runs that hold reports: what is logged of them, and how many keep their pages."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitoring.registry import EXPERIMENTS, UNREACHABLE, Registry, metric_names
from monitoring.result import Result

log = logging.getLogger(__name__)

_PAGES = "penstock.report_pages"
_LOOKED_AT = 100
"""Runs of a lane whose pages can go at a time."""


def log_report(registry: Registry, result: Result, files: Sequence[Path], *, now_s: float) -> str:
    """Log a finished run with what was measured and the reports' pages.

    Returns:
        Where the run is: a page's address, or its id where the tracking store has no pages.

    Raises:
        RegistryAwayError: MLflow does not answer.
    """
    lane = result.lane
    stamp = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    return registry.log_run(
        lane.model,
        f"{lane.model} {lane.version} {lane.variant} {stamp}",
        metrics=metrics_of(result),
        tags=_tags(result) | {_PAGES: "yes" if files else "no"},
        now_ms=int(now_s * 1000),
        files=files,
    )


def drop_old_pages(registry: Registry, result: Result, *, kept: int) -> None:
    """Delete the pages of a lane's older runs; the runs keep their metrics and tags.

    Args:
        registry: Where the runs are.
        result: Whose lane it is.
        kept: How many of the newest runs keep their pages.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client, lane = registry.client, result.lane
    try:
        experiment = client.get_experiment_by_name(f"{EXPERIMENTS}/{lane.model}")
        mine = " and ".join(
            f"tags.`penstock.{name}` = {_quoted(value)}"
            for name, value in (("version", lane.version), ("variant", lane.variant))
        )
        runs = client.search_runs(
            [experiment.experiment_id],
            f"tags.`{_PAGES}` = 'yes' and {mine}",
            max_results=_LOOKED_AT,
            order_by=["attributes.start_time DESC"],
        )
        for run in runs[kept:]:
            get_artifact_repository(run.info.artifact_uri).delete_artifacts()
            client.set_tag(run.info.run_id, _PAGES, "no")
    except UNREACHABLE as error:
        log.warning("old report pages of '%s' stay in MLflow: %s", lane.model, error)


def metrics_of(result: Result) -> dict[str, float]:
    """What the run's metrics are: the same figures as the gauges."""
    logged = {"window_rows": float(result.rows)}
    if result.drift:
        logged["drift_share"] = result.drift.share
        logged["drifted_columns"] = float(len(result.drift.drifted))
        names = metric_names([column.name for column in result.drift.columns])
        logged |= {names[column.name]: column.distance for column in result.drift.columns}
    if result.quality:
        logged["labelled_rows"] = float(result.quality.labelled)
        logged |= {f"quality/{name}": value for name, value in result.quality.values.items()}
    if result.estimate:
        logged |= {f"quality_estimate/{name}": value for name, value in result.estimate.values.items()}
    return logged


def _tags(result: Result) -> dict[str, str]:
    tags = {f"penstock.{name}": value for name, value in result.lane._asdict().items()}
    tags |= {
        "penstock.window_since": result.since.isoformat(),
        "penstock.window_until": result.until.isoformat(),
    }
    if result.drift:
        tags["penstock.drift"] = "yes" if result.is_drifted else "no"
    if result.quality:
        tags["penstock.quality"] = "bad" if result.is_bad else "good"
    return tags


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"
