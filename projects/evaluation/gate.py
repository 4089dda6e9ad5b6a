"""The gate: what a version's scores and costs must be for it to go on, as a person writes it."""

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from projects.errors import BadInput
from projects.evaluation.clause import Clause as Clause  # noqa: PLC0414 - the name that others import
from projects.evaluation.clause import read_clause
from projects.evaluation.metrics import Metric, check_task
from serving.plan.model import Task

OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
BETWEEN_CLAUSES = re.compile(r",(?!\d)|;|\band\b|&+", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """What the gate says; `sentence` is `pass` or `fail: ...`."""

    has_passed: bool
    sentence: str


def parse_gate(text: str) -> tuple[Clause, ...]:
    """Read a gate; clauses are joined by `and`, commas or semicolons. An empty text is no gate.

    Raises:
        BadInput: It cannot be read, names a metric that there is not, or can never be passed.
    """
    if not text.strip():
        return ()
    gate = tuple(read_clause(part) for part in BETWEEN_CLAUSES.split(text))
    check_consistent(gate)
    return gate


def check_consistent(gate: tuple[Clause, ...]) -> None:
    """Refuse two clauses that no score can meet at once.

    Raises:
        BadInput: Which two.
    """
    for one, other in combinations(gate, 2):
        if one.metric is not other.metric or one.is_upper == other.is_upper:
            continue
        upper, lower = (one, other) if one.is_upper else (other, one)
        is_strict = upper.operator == "<" or lower.operator == ">"
        if upper.bound < lower.bound or (upper.bound == lower.bound and is_strict):
            raise BadInput(f"the gate asks for '{one}' and '{other}': no {one.metric.name} can be both")


def check_gate(gate: tuple[Clause, ...], task: Task) -> None:
    """Refuse a gate whose metrics have no meaning for the task.

    Raises:
        BadInput: Which one, and which have.
    """
    for clause in gate:
        check_task(clause.metric, task)


def cost_bounds(gate: tuple[Clause, ...]) -> dict[str, float]:
    """Return the most that each cost may be, by its name; for a search that must stay below.

    `<` and `<=` are one here: a measured cost is never exactly its bound.
    """
    bounds: dict[str, float] = {}
    for clause in gate:
        if clause.metric.is_cost:
            bounds[clause.metric.name] = min(clause.bound, bounds.get(clause.metric.name, clause.bound))
    return bounds


def first_score(gate: tuple[Clause, ...]) -> Metric | None:
    """Return the first clause's metric that is a score: what candidates are compared by."""
    return next((clause.metric for clause in gate if not clause.metric.is_cost), None)


def judge(gate: tuple[Clause, ...], measured: Mapping[str, float]) -> Verdict:
    """Hold scores and costs against a gate; name every clause that failed, with what was measured."""
    failed = [said for clause in gate if (said := failure(clause, measured))]
    return Verdict(not failed, "fail: " + "; ".join(failed) if failed else "pass")


def failure(clause: Clause, measured: Mapping[str, float]) -> str | None:
    """Say how a clause fails, or nothing if it is met."""
    value = measured.get(clause.metric.name)
    if value is None:
        why = "it was not measured" if clause.metric.is_cost else "it cannot be computed on these rows"
        return f"{clause} ({why})"
    if OPERATORS[clause.operator](value, clause.bound):
        return None
    unit = f" {clause.metric.unit}" if clause.metric.is_cost else ""
    return f"{clause} (is {value:.4g}{unit})"
