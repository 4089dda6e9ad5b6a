"""A result as a line and as JSON."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from monitoring.drift.verdict import ColumnDrift, Drift
from monitoring.lane import Lane
from monitoring.quality.figures import Figure, Quality
from monitoring.result import Report, Result, as_json, line
from monitoring.windows.traffic import Traffic

DRIFT = Drift((ColumnDrift("income", 1.5, 0.1), ColumnDrift("age", 0.05, 0.1)), (), ())
RESULT = Result(
    Lane("churn", "3", "champion"),
    "Production",
    500,
    datetime(2030, 1, 1, tzinfo=UTC),
    datetime(2030, 1, 2, tzinfo=UTC),
    "id",
    Traffic(500, 0.5, 1.0, 9.0),
    DRIFT,
    is_drifted=True,
    report=Report(1.0, Path("/reports/a.html"), "http://mlflow/run"),
)


def test_a_line_says_share_columns_and_places():
    assert line(RESULT) == (
        "churn version 3 (champion), 500 rows: drift share 0.50 (drift); 1 of 2 columns drifted: "
        "income 1.50; report: http://mlflow/run and /reports/a.html"
    )


def test_a_line_without_drift_says_so():
    steady = replace(RESULT, drift=Drift((DRIFT.columns[1],), (), ()), is_drifted=False, report=None)
    assert line(steady).endswith("drift share 0.00; none of 1 columns drifted")


def test_a_line_names_five_columns_and_counts_the_rest():
    many = Drift(tuple(ColumnDrift(f"c{i}", 1.0, 0.1) for i in range(9)), (), ())
    assert "c4 1.00 and 4 more" in line(replace(RESULT, drift=many))


def test_a_line_says_what_had_no_values():
    gone = Drift(DRIFT.columns, ("income",), ("age",))
    assert "no values in the window: income; not judged, as the reference has no values: age" in line(
        replace(RESULT, drift=gone)
    )


def test_a_line_says_when_the_report_is_only_here():
    assert line(replace(RESULT, report=Report(1.0, Path("/a.html"), None))).endswith(
        "report: /a.html (not in MLflow, which did not answer)"
    )


def test_a_line_without_a_comparison_is_its_note():
    assert line(replace(RESULT, drift=None, report=None, note="9 more rows are needed for a check")) == (
        "churn version 3 (champion), 500 rows: 9 more rows are needed for a check"
    )


def test_json_holds_every_column():
    told = orjson.loads(orjson.dumps(as_json(RESULT)))
    assert told["drift_share"] == 0.5
    assert [column["name"] for column in told["columns"]] == ["income", "age"]
    assert told["run"] == "http://mlflow/run"


def test_quality_is_said_and_told_where_outcomes_are_known():
    quality = Quality("binary", {"accuracy": Figure(0.5, 0.4, 0.6)}, 500, 80, 80)
    bad = replace(RESULT, quality=quality, is_bad=True, note="accuracy is 0.5, and the policy wants more")
    said = line(bad)
    assert "quality of 80 labelled rows (bad): accuracy 0.5 (0.4 to 0.6); accuracy is 0.5, and" in said
    told = as_json(bad)
    assert (told["labelled"], told["quality"], told["is_bad"]) == (80, {"accuracy": 0.5}, True)
