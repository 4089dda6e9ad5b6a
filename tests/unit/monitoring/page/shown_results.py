"""Results and windows as a monitor leaves them, for the pages."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from monitoring.drift.verdict import ColumnDrift, Drift
from monitoring.history import Entry
from monitoring.lane import Lane, Span
from monitoring.quality.figures import Business, Estimate, Figure, Quality
from monitoring.result import Report, Result
from monitoring.windows.traffic import Traffic

NOW_S = 1_893_456_000.0
DAY = datetime.fromtimestamp(NOW_S, UTC)
LANE = Lane("churn & co", "3", "champion")
DRIFT = Drift(
    (
        ColumnDrift("income", 1.5, 0.1, weight=0.2, missing_share=0.12),
        ColumnDrift("age", 0.05, 0.1, weight=0.8),
    ),
    findings=("'income': 12.0% of the values are missing",),
)
QUALITY = Quality("binary", {"accuracy": Figure(0.8), "roc_auc": Figure(0.91, 0.88, 0.94)}, 1_500, 600, 600)
ESTIMATE = Estimate({"roc_auc": Figure(0.9, 0.87, 0.93)}, 1_500, "by hand", {"roc_auc": -0.01}, 600)
RESULT = Result(
    LANE,
    "Production",
    1_500,
    DAY,
    DAY,
    "id",
    Traffic(1_500, 0.4, 2.5, 9.25),
    drift=DRIFT,
    is_drifted=True,
    quality=QUALITY,
    estimate=ESTIMATE,
    business=Business({"saved": 1_234.5}, {"saved": 600}),
    report=Report(NOW_S, Path("/r.html"), "http://mlflow/#/run", Path("/q.html")),
)


def entry(windows_ago: int, **found) -> Entry:
    until_s = NOW_S - windows_ago * 3_600
    found = {"drift_share": 0.25, "quality": {"roc_auc": 0.9}, "per_second": 0.5, **found}
    return Entry(LANE, Span(until_s - 3_600, until_s), NOW_S, 1_800, p99_ms=8.0, labelled=70, **found)


def result(model: str, **changes) -> Result:
    return replace(RESULT, lane=Lane(model, "1", "champion"), **changes)
