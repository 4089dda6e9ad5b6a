"""The page for people."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from monitoring.drift.verdict import ColumnDrift, Drift
from monitoring.overview import page
from monitoring.result import Report, Result

DAY = datetime(2030, 1, 1, tzinfo=UTC)
RESULT = Result(
    "churn & co",
    "3",
    ("champion",),
    "Production",
    1_500,
    DAY,
    DAY,
    "id",
    Drift((ColumnDrift("income", 1.5, 0.1), ColumnDrift("age", 0.0, 0.1)), (), ()),
    is_drifted=True,
    note="",
    report=Report(1.0, Path("/r.html"), "http://mlflow/#/run"),
)


def shown(*results: Result) -> str:
    return page(results, checked_s=1_893_456_000.0, window_s=3600.0)


def test_a_card_says_stage_rows_share_and_columns():
    html = shown(RESULT)
    for text in ("version 3", "Production", "1,500 rows", "50%", "1 of 2 columns: income"):
        assert text in html


def test_a_card_links_to_the_report_and_the_run():
    html = shown(RESULT)
    assert 'href="/report?model=churn+%26+co&amp;version=3"' in html
    assert 'href="http://mlflow/#/run"' in html


def test_names_are_escaped():
    html = shown(replace(RESULT, model="<script>alert(1)</script>"))
    assert "<script>" not in html


def test_a_version_without_a_comparison_shows_why():
    assert "9 more rows are needed" in shown(replace(RESULT, drift=None, note="9 more rows are needed"))


def test_no_traffic_is_said():
    assert "No predictions in the last 3600 seconds." in shown()


def test_before_the_first_round_the_page_says_not_yet():
    assert "checked not yet" in page([], checked_s=0.0, window_s=60.0)


def test_the_page_fits_a_phone():
    assert 'content="width=device-width, initial-scale=1"' in shown(RESULT)
