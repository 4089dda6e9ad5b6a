"""One rule about a column as clauses of SQL, each true where a cell holds to it and never null.

A missing cell breaks `not_null` only: the other clauses are about values.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from projects.errors import BadInput
from projects.hints import shown
from projects.ingest.engine import name_of, text_of
from projects.requirement.sections import Rule
from projects.sampling.rows_file import ROW, Kind

TRUTHS = {
    "true": True,
    "yes": True,
    "1": True,
    "1.0": True,
    "false": False,
    "no": False,
    "0": False,
    "0.0": False,
}


@dataclass(frozen=True)
class Clause:
    """One thing that a rule asks for.

    Attributes:
        says: As a person would, such as `min 0`.
        holds: SQL, true or false for each row.
    """

    says: str
    holds: str


def clauses(rule: Rule, kind: Kind) -> tuple[Clause, ...]:
    """Write a rule as SQL.

    Args:
        rule: What must hold.
        kind: What its column is.

    Raises:
        BadInput: The rule does not fit the column, or asks for nothing.
    """
    written = tuple(_clauses(rule, kind))
    if not written:
        raise _misfit(rule, "asks for nothing; give it not_null, unique, min, max, allowed or pattern")
    return written


def _clauses(rule: Rule, kind: Kind) -> Iterator[Clause]:
    cell = name_of(rule.column)
    missing = f"{cell} IS NULL" if kind != "number" else f"({cell} IS NULL OR isnan(CAST({cell} AS DOUBLE)))"
    if rule.not_null:
        yield Clause("not_null", f"NOT {missing}")
    if rule.unique:
        yield Clause("unique", f"({missing} OR row_number() OVER (PARTITION BY {cell} ORDER BY {ROW}) = 1)")
    for name, sign, bound in (("min", ">=", rule.min), ("max", "<=", rule.max)):
        if bound is not None:
            yield Clause(
                f"{name} {shown_bound(bound)}", f"({missing} OR {_compared(rule, kind, sign, bound)})"
            )
    _check_order(rule, kind)
    if rule.allowed is not None:
        listed = ", ".join(_value(rule, kind, value) for value in rule.allowed)
        says = f"allowed {', '.join(shown_bound(value) for value in rule.allowed[:8])}"
        yield Clause(f"{says:.200}", f"({missing} OR {cell} IN ({listed}))")
    if rule.pattern is not None:
        if kind != "text":
            raise _misfit(rule, f"has a pattern, which is for texts, but the column holds {kind}s")
        _check_pattern(rule)
        full = f"regexp_full_match({cell}, {text_of(rule.pattern)})"
        yield Clause(f"pattern {rule.pattern:.100}", f"({missing} OR {full})")


def shown_bound(value: object) -> str:
    """Write a rule's value as it would be written in a requirement.

    >>> shown_bound(5.0), shown_bound("2024-01-01"), shown_bound(True)
    ('5', '2024-01-01', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _compared(rule: Rule, kind: Kind, sign: str, bound: float | str) -> str:
    cell = name_of(rule.column)
    if kind == "number":
        return f"{cell} {sign} {_number(rule, bound)}"
    if kind != "date":
        raise _misfit(rule, f"has a bound, which is for numbers and dates, but the column holds {kind}s")
    moment = _moment(rule, bound)
    if sign == "<=" and isinstance(bound, str) and _is_day(bound) and moment.date() < date.max:
        return f"{cell} < {_timestamp(moment + timedelta(days=1))}"
    return f"{cell} {sign} {_timestamp(moment)}"


def _check_order(rule: Rule, kind: Kind) -> None:
    if rule.min is None or rule.max is None:
        return
    low, high = rule.min, rule.max
    crossed = (
        _moment(rule, low) > _moment(rule, high)
        if kind == "date"
        else _parsed(rule, low) > _parsed(rule, high)
    )
    if crossed:
        raise _misfit(rule, f"has min {shown_bound(low)} above max {shown_bound(high)}, so no value can pass")


def _value(rule: Rule, kind: Kind, value: str | float | bool) -> str:
    if kind == "number":
        return _number(rule, value)
    if kind == "date":
        return _timestamp(_moment(rule, value))
    if kind == "boolean":
        word = shown_bound(value).strip().casefold()
        if word not in TRUTHS:
            raise _misfit(rule, f"allows {shown(value)}, but the column holds true and false")
        return str(TRUTHS[word]).upper()
    return text_of(shown_bound(value))


def _number(rule: Rule, value: float | str) -> str:
    return f"CAST({_parsed(rule, value)!r} AS DOUBLE)"


def _parsed(rule: Rule, value: float | str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise _misfit(rule, f"names {shown(value)}, but the column holds numbers; give it a number")
    return number


def _moment(rule: Rule, value: float | str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        what = f"names {shown(value)}, but the column holds dates; write it like 2024-12-31T18:00:00"
        raise _misfit(rule, what) from error
    return moment.replace(tzinfo=None) if moment.tzinfo is None else _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    offset = moment.utcoffset() or timedelta(0)
    return moment.replace(tzinfo=None) - offset


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP {text_of(moment.isoformat(sep=' '))}"


def _check_pattern(rule: Rule) -> None:
    import duckdb

    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT regexp_full_match('', ?)", [rule.pattern]).fetchall()
        except duckdb.Error as error:
            why = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
            what = (
                f"has the pattern {shown(rule.pattern)}, which is no regular expression of RE2's kind ({why})"
            )
            raise _misfit(rule, f"{what}; look-ahead and back-references are not known to it") from error


def _misfit(rule: Rule, what: str) -> BadInput:
    return BadInput(f"the rule for column '{rule.column}' {what}")
