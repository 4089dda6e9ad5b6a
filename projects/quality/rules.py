"""What must hold for a table's rows: rules as SQL, and the rows that break them, counted with examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.engine import name_of
from projects.quality.clauses import Clause, clauses
from projects.quality.wording import amount, share
from projects.requirement.sections import Rule
from projects.sampling.rows_file import ROW, Kind, column_kinds, connected, fetch, kind_of, scan

MOST_EXAMPLES = 5
KINDS: tuple[Kind, ...] = ("number", "boolean", "date", "text")


@dataclass(frozen=True)
class RuleResult:
    """How a table holds to a rule.

    Attributes:
        rule: The rule.
        rows: Rows looked at.
        broken: Rows that break it.
        by_clause: Rows that break each thing that it asks for.
        examples: Positions from 0 and cells, as texts, of the first rows that break it; None is a gap.
    """

    rule: Rule
    rows: int
    broken: int
    by_clause: Mapping[str, int]
    examples: tuple[tuple[int, str | None], ...]

    @property
    def sentence(self) -> str:
        """What a person is told."""
        name = f"column '{self.rule.column}'"
        if not self.broken:
            return f"{name} holds to its rule ({', '.join(self.by_clause)})"
        broken = ", ".join(
            f"{says}: {amount(count, 'row')}" for says, count in self.by_clause.items() if count
        )
        row, cell = self.examples[0]
        example = f"row {row} has {'no value' if cell is None else repr(cell[:60])}"
        then = {
            "refuse": "correct the data, or set the rule's on_fail to drop or warn",
            "drop": "these rows are dropped",
            "warn": "these rows stay, as on_fail is warn",
        }[self.rule.on_fail]
        part = f"{amount(self.broken, 'row')} ({share(self.broken / self.rows)})"
        return f"{name} breaks its rule in {part}: {broken}; {example}; {then}"


def rule_predicates(rules: Sequence[Rule], columns: Mapping[str, str]) -> list[tuple[Rule, str]]:
    """Write rules as SQL, true for the rows that hold to them and never null.

    A `unique` rule holds for the first row of each value. It is a window function over the Parquet reader's
    row numbers: use it in the select list of a `read_parquet(...)`, not in WHERE.

    Args:
        rules: What must hold.
        columns: Each column's DuckDB type, or its kind (number, text, date, boolean).

    Raises:
        BadInput: There is no such column, or the rule does not fit it.
    """
    return [(rule, " AND ".join(clause.holds for clause in _written(rule, columns))) for rule in rules]


def check_rules(rows_parquet: Path, rules: Sequence[Rule]) -> tuple[RuleResult, ...]:
    """Count the rows that break each rule.

    Args:
        rows_parquet: The rows.
        rules: What must hold.

    Raises:
        BadInput: The file cannot be read, or a rule does not fit it.
    """
    with connected() as connection:
        kinds = column_kinds(connection, rows_parquet)
        return tuple(_checked(connection, rows_parquet, rule, _written(rule, kinds)) for rule in rules)


def refuse_broken(results: Sequence[RuleResult]) -> None:
    """End where a rule is broken that must hold.

    Raises:
        BadInput: Names every such rule.
    """
    broken = [result.sentence for result in results if result.broken and result.rule.on_fail == "refuse"]
    if broken:
        raise BadInput("; and ".join(broken))


def _written(rule: Rule, columns: Mapping[str, str]) -> tuple[Clause, ...]:
    if rule.column not in columns:
        raise BadInput(f"a rule names the column '{rule.column}'; {did_you_mean(rule.column, columns)}")
    told = columns[rule.column]
    kind = next((known for known in KINDS if known == told), None)
    return clauses(rule, kind or kind_of(told))


def _checked(connection: Any, rows_parquet: Path, rule: Rule, written: Sequence[Clause]) -> RuleResult:
    """Check one rule, reading its column only."""
    cell = name_of(rule.column)
    tests = ", ".join(f"{clause.holds} AS clause_{at}" for at, clause in enumerate(written))
    source = scan(rows_parquet, numbered=True)
    tested = f"SELECT {ROW} AS row, CAST({cell} AS VARCHAR) AS cell, {tests} FROM {source}"
    holds = " AND ".join(f"clause_{at}" for at in range(len(written)))
    counted = ", ".join(f"count(*) FILTER (NOT clause_{at})" for at in range(len(written)))
    rows, broken, *by_clause = fetch(
        connection, f"SELECT count(*), count(*) FILTER (NOT ({holds})), {counted} FROM ({tested})"
    )[0]
    examples = (
        fetch(
            connection,
            f"SELECT row, cell FROM ({tested}) WHERE NOT ({holds}) ORDER BY row LIMIT {MOST_EXAMPLES}",
        )
        if broken
        else []
    )
    return RuleResult(
        rule=rule,
        rows=rows,
        broken=broken,
        by_clause={clause.says: count for clause, count in zip(written, by_clause, strict=True)},
        examples=tuple((int(row), cell) for row, cell in examples),
    )
