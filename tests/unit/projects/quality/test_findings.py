"""What a person is told of a table, the gravest first."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projects.quality.model import Finding
from projects.quality.profile import profile
from tests.unit.projects.quality.quality_tables import mixed, written

RNG = np.random.default_rng(2)


def found_in(path: Path, columns: dict[str, Any], target: str = "") -> list[Finding]:
    return list(profile(written(path / "r", columns), {}, target).findings)


def said(findings: list[Finding], start: str) -> Finding:
    return next(finding for finding in findings if finding.what.startswith(start))


def test_the_gravest_come_first(tmp_path: Path) -> None:
    columns = mixed(400)
    columns["leak"] = columns["target"]
    severities = [finding.severity for finding in found_in(tmp_path, columns, "target")]
    assert severities == sorted(severities, key=["high", "medium", "low"].index)
    assert severities[0] == "high"


def test_a_leak_is_named_with_what_is_done(tmp_path: Path) -> None:
    columns = mixed(400)
    columns["leak"] = columns["target"]
    finding = said(found_in(tmp_path, columns, "target"), "'leak' gives")
    assert finding.what == "'leak' gives the target away: it equals the target"
    assert finding.advice == "it is left out by cleaning.leakage: drop (the default)"


def test_columns_with_the_same_trouble_make_one_finding(tmp_path: Path) -> None:
    columns = {name: [1.0, None] * 100 for name in "abcdefgh"} | {"x": RNG.normal(size=200)}
    (finding,) = [found for found in found_in(tmp_path, columns) if "missing" in found.what]
    assert finding.what == "'a', 'b', 'c', 'd', 'e', 'f' and 2 more are mostly missing (up to 50 %)"


@pytest.mark.parametrize(
    ("cells", "start", "severity"),
    [
        ([None] * 300, "'c' is empty", "medium"),
        ([1.0] * 295 + [None] * 5, "'c' holds one value only", "low"),
        ([1.0] * 299 + [2.0], "'c' holds nearly always the same value", "low"),
        ([f"id{at}" for at in range(300)], "'c' looks like an id", "low"),
        (
            ["Yes"] * 150 + ["yes"] * 150,
            "'c' writes the same in several ways: 'Yes' (150) = 'yes' (150)",
            "medium",
        ),
        (["12.5"] * 290 + ["n.b."] * 10, "'c' is read as text, but 97 % of it are numbers", "medium"),
        (["a", "b", " "] * 100, "'c' has 100 cells with nothing but spaces", "low"),
        (["a ", "b", "c"] * 100, "'c' has 100 cells that begin or end with a space", "low"),
        ([float("inf"), 1.0, 2.0] * 100, "'c' has 100 numbers that no model can use", "high"),
        ([-1] * 150 + list(range(150)), "-1 in 'c' (150 rows) may stand for a missing value", "medium"),
        (
            [999] * 40 + [at % 30 for at in range(260)],
            "999 in 'c' (40 rows) may stand for a missing value",
            "medium",
        ),
        ([np.exp(at / 10) for at in range(300)], "'c' has long tails", "low"),
    ],
)
def test_a_columns_trouble_is_found(tmp_path: Path, cells: list[Any], start: str, severity: str) -> None:
    finding = said(found_in(tmp_path, {"c": cells, "x": RNG.normal(size=300)}), start)
    assert finding.severity == severity
    assert finding.columns == ("c",)


def test_odd_dates_are_found(tmp_path: Path) -> None:
    days = [*pd.date_range("2020-01-01", periods=99), pd.Timestamp("1900-01-01")]
    columns = {"day": np.array(days, dtype="datetime64[D]"), "x": RNG.normal(size=100)}
    assert said(found_in(tmp_path, columns), "'day' has dates as odd as 1900-01-01").severity == "medium"


@pytest.mark.parametrize(
    ("target", "start", "severity"),
    [
        ([0] * 990 + [1] * 10, "the classes are imbalanced: '1' is 1.0 % (10 rows)", "high"),
        ([0] * 950 + [1] * 50, "the classes are imbalanced: '1' is 5.0 % (50 rows)", "medium"),
        ([0] * 999 + [1], "'1' of 'y' has under 10 rows", "high"),
        ([0] * 1000, "the target 'y' holds one value only", "high"),
        ([None] * 1000, "the target 'y' is missing in every row", "high"),
        ([None] * 100 + [0, 1] * 450, "the target 'y' is missing in 100 rows (10 %)", "medium"),
        ([0.5] * 1000, "the target 'y' holds one value only", "high"),
        (
            ["a"] * 900 + ["b"] * 80 + ["c"] * 20,
            "the classes are imbalanced: 'a' has 900 rows, 'c' 20",
            "medium",
        ),
    ],
)
def test_a_targets_trouble_is_found(tmp_path: Path, target: list[Any], start: str, severity: str) -> None:
    findings = found_in(tmp_path, {"y": target, "x": RNG.normal(size=1000)}, "y")
    assert said(findings, start).severity == severity


def test_all_rows_the_same_are_named(tmp_path: Path) -> None:
    findings = found_in(tmp_path, {"a": [1.0] * 50, "b": ["x"] * 50})
    assert findings[0] == Finding(
        "high", "all 50 rows are the same", "look at the source: nothing can be learned"
    )


def test_a_table_without_rows_is_named(tmp_path: Path) -> None:
    assert [finding.what for finding in found_in(tmp_path, {"a": [], "b": []})] == ["the table has no rows"]


def test_a_clean_table_has_no_findings(tmp_path: Path) -> None:
    columns = {"x": RNG.normal(size=500), "y": (["a", "b"] * 250), "z": RNG.integers(0, 50, 500)}
    assert found_in(tmp_path, columns, "y") == []
