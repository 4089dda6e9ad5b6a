"""The gate: what a score must be for a version to go on, as a person writes it."""

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass

from projects.errors import BadInput
from projects.evaluation.metrics import Metric, check_task, find_metric
from serving.plan.model import Task

OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
CLAUSE = re.compile(
    r"\s*(?P<metric>[^\s<>=][^<>=]*?)\s*(?P<operator>>=|<=|>|<)\s*(?P<bound>\S+?)\s*(?P<percent>%?)\s*"
)
EXAMPLE = "write it like 'AUC > 0.85 and recall >= 0.6'"


@dataclass(frozen=True)
class Clause:
    """One condition: `metric operator bound`."""

    metric: Metric
    operator: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric.name} {self.operator} {self.bound:g}"


@dataclass(frozen=True)
class Verdict:
    """What the gate says; `sentence` is `pass` or `fail: ...`."""

    has_passed: bool
    sentence: str


def parse_gate(text: str) -> tuple[Clause, ...]:
    """Read a gate; clauses are joined by `and` or commas. An empty text is no gate.

    Raises:
        BadInput: It cannot be read, or names a metric that there is not.
    """
    if not text.strip():
        return ()
    return tuple(_clause(part) for part in re.split(r",(?!\d)|\band\b|&+", text, flags=re.IGNORECASE))


def check_gate(gate: tuple[Clause, ...], task: Task) -> None:
    """Refuse a gate whose metrics have no meaning for the task.

    Raises:
        BadInput: Which one, and which have.
    """
    for clause in gate:
        check_task(clause.metric, task)


def judge(gate: tuple[Clause, ...], scores: Mapping[str, float]) -> Verdict:
    """Hold scores against a gate; name every clause that failed, with the score."""
    failed = []
    for clause in gate:
        score = scores.get(clause.metric.name)
        if score is None:
            failed.append(f"{clause} (it cannot be computed on these rows)")
        elif not OPERATORS[clause.operator](score, clause.bound):
            failed.append(f"{clause} (is {score:.4g})")
    return Verdict(not failed, "fail: " + "; ".join(failed) if failed else "pass")


def _clause(part: str) -> Clause:
    match = CLAUSE.fullmatch(part)
    if match is None:
        raise BadInput(f"the gate's clause '{part.strip()}' cannot be read; {EXAMPLE}")
    try:
        bound = float(match["bound"])
    except ValueError as error:
        raise BadInput(f"the gate's bound '{match['bound']}' must be a number; {EXAMPLE}") from error
    if bound != bound:  # noqa: PLR0124 - NaN, against which every score would fail
        raise BadInput(f"the gate's bound must be a number, not NaN; {EXAMPLE}")
    return Clause(find_metric(match["metric"]), match["operator"], bound / 100 if match["percent"] else bound)
