"""Validation rules: what breaks them, counted with examples, and the SQL that others apply."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.errors import BadInput
from projects.quality.rules import check_rules, refuse_broken, rule_predicates
from projects.requirement.sections import Rule

COLUMNS = """i BIGINT, age DOUBLE, plan VARCHAR, active BOOLEAN, day DATE, moment TIMESTAMP"""
ROWS = [
    (1, 30.0, "basic", True, "2024-01-01", "2024-01-01 00:00:00"),
    (2, -1.0, "pro", False, "2024-06-30", "2024-12-31 23:59:59"),
    (2, None, "Pro", None, None, None),
    (4, float("nan"), None, True, "2025-01-01", "2025-01-01 00:00:00"),
    (4, 130.0, "it's", True, "2023-12-31", "2023-12-31 00:00:00"),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rows.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({COLUMNS})")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", ROWS)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path


def broken(rows: Path, column: str, **asks: Any) -> list[int]:
    (result,) = check_rules(rows, [Rule(column=column, **asks)])
    assert result.broken == len(result.examples)
    return [row for row, _ in result.examples]


@pytest.mark.parametrize(
    ("column", "asks", "rows_broken"),
    [
        ("age", {"not_null": True}, [2, 3]),
        ("plan", {"not_null": True}, [3]),
        ("i", {"unique": True}, [2, 4]),
        ("age", {"min": 0}, [1]),
        ("age", {"max": 120}, [4]),
        ("age", {"min": 0, "max": 120}, [1, 4]),
        ("age", {"min": "0"}, [1]),
        ("i", {"allowed": (1, 2)}, [3, 4]),
        ("plan", {"allowed": ("basic", "pro", "it's")}, [2]),
        ("active", {"allowed": (True,)}, [1]),
        ("active", {"allowed": ("yes",)}, [1]),
        ("day", {"min": "2024-01-01"}, [4]),
        ("day", {"max": "2024-12-31"}, [3]),
        ("moment", {"max": "2024-12-31"}, [3]),
        ("moment", {"max": "2024-12-31T12:00:00"}, [1, 3]),
        ("day", {"allowed": ("2024-01-01", "2024-06-30", "2025-01-01")}, [4]),
        ("plan", {"pattern": "[a-z]+"}, [2, 4]),
        ("plan", {"pattern": ".*o"}, [0, 4]),
        ("day", {"max": "9999-12-31"}, []),
    ],
)
def test_a_rule_finds_the_rows_that_break_it(
    rows: Path, column: str, asks: dict[str, Any], rows_broken: list[int]
) -> None:
    assert broken(rows, column, **asks) == rows_broken


def test_the_predicate_is_true_for_rows_that_hold_and_never_null(rows: Path) -> None:
    rules = [
        Rule(column="age", not_null=True, min=0),
        Rule(column="i", unique=True),
        Rule(column="plan", pattern="[a-z]+"),
        Rule(column="day", min="2024-01-01"),
    ]
    types = {"age": "DOUBLE", "i": "BIGINT", "plan": "VARCHAR", "day": "DATE"}
    written = ", ".join(predicate for _, predicate in rule_predicates(rules, types))
    with duckdb.connect() as connection:
        held = connection.execute(
            f"SELECT {written} FROM read_parquet('{rows}') ORDER BY file_row_number"
        ).fetchall()
    results = check_rules(rows, rules)
    assert [sum(not row[at] for row in held) for at in range(4)] == [result.broken for result in results]
    assert all(cell in (True, False) for row in held for cell in row)


def test_each_thing_asked_for_is_counted_by_itself(rows: Path) -> None:
    (result,) = check_rules(rows, [Rule(column="age", not_null=True, min=0, max=120)])
    assert dict(result.by_clause) == {"not_null": 2, "min 0": 1, "max 120": 1}
    assert result.broken == 4


def test_a_broken_rule_is_told_with_its_share_an_example_and_what_happens(rows: Path) -> None:
    (result,) = check_rules(rows, [Rule(column="age", min=0, on_fail="drop")])
    assert result.sentence == (
        "column 'age' breaks its rule in 1 row (20 %): min 0: 1 row; row 1 has '-1.0'; these rows are dropped"
    )


def test_only_refusing_rules_end_the_run(rows: Path) -> None:
    refuse_broken(check_rules(rows, [Rule(column="age", min=0, on_fail="warn"), Rule(column="i", min=0)]))
    with pytest.raises(BadInput, match=r"column 'age' breaks its rule in 1 row .* or set the rule's on_fail"):
        refuse_broken(check_rules(rows, [Rule(column="age", min=0)]))


def test_a_rule_that_holds_says_so(rows: Path) -> None:
    (result,) = check_rules(rows, [Rule(column="i", min=1, not_null=True)])
    assert result.sentence == "column 'i' holds to its rule (not_null, min 1)"


@pytest.mark.parametrize(
    ("column", "asks", "why"),
    [
        ("agee", {"min": 0}, "a rule names the column 'agee'; did you mean 'age'"),
        ("age", {"min": "young"}, "names 'young', but the column holds numbers; give it a number"),
        ("day", {"min": "soon"}, "names 'soon', but the column holds dates; write it like 2024-12-31"),
        ("plan", {"min": 3}, "has a bound, which is for numbers and dates, but the column holds texts"),
        ("age", {"pattern": "x"}, "has a pattern, which is for texts, but the column holds numbers"),
        ("active", {"allowed": ("maybe",)}, "allows 'maybe', but the column holds true and false"),
        ("day", {"min": "2024-02-01", "max": "2024-01-01"}, "has min 2024-02-01 above max 2024-01-01"),
        ("age", {"min": "5", "max": "1"}, "has min 5 above max 1, so no value can pass"),
    ],
)
def test_a_rule_that_does_not_fit_its_column_is_refused(
    rows: Path, column: str, asks: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        check_rules(rows, [Rule(column=column, **asks)])


def test_a_pattern_that_the_engine_does_not_know_is_refused(rows: Path) -> None:
    rule = Rule.model_construct(**{**Rule(column="plan", pattern="a").model_dump(), "pattern": "a(?=b)"})
    with pytest.raises(
        BadInput, match=r"has the pattern 'a\(\?=b\)', which is no regular expression of RE2's"
    ):
        check_rules(rows, [rule])


def test_names_and_values_are_quoted(tmp_path: Path) -> None:
    name = "a\" OR 1=1; --'"
    pq.write_table(pa.table({name: ["x'); DROP TABLE t; --", "y"]}), tmp_path / "r")
    rule = Rule(column=name, allowed=("x'); DROP TABLE t; --",))
    assert check_rules(tmp_path / "r", [rule])[0].broken == 1
