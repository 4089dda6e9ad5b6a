"""A requirement and the columns that were found become one in which everything is decided, with the reasons.

The sentence gives what the other fields leave open, and never overrules them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from projects.evaluation.gate import Clause, parse_gate
from projects.requirement.capacity import Capacity, read_deployment
from projects.requirement.model import Requirement
from projects.requirement.seen import ColumnSeen
from projects.requirement.sentence import Inference, infer
from projects.requirement.target_metric import read_target_metric


@dataclass(frozen=True)
class Resolved:
    """What a training is to do.

    Attributes:
        requirement: With target, task, metric, gate, columns left out, split and capacity filled in.
        gate: All clauses: of the target metric, the gate, the sentence and the deployment.
        table: The table that holds the target; empty where no sentence was needed to find it.
        horizon_days: How far ahead; None where nothing is said.
        capacity: What the deployment must carry.
        reasons: What was inferred and why, a sentence each.
    """

    requirement: Requirement
    gate: tuple[Clause, ...]
    table: str
    horizon_days: float | None
    capacity: Capacity
    reasons: tuple[str, ...]


def resolve(requirement: Requirement, columns: Sequence[ColumnSeen]) -> Resolved:
    """Decide what the requirement leaves open.

    Args:
        requirement: As it was read.
        columns: The columns of every discovered table.

    Raises:
        BadInput: The sentence fits no column, or several; or two clauses contradict one another.
    """
    found = _inferred(requirement, columns)
    capacity = read_deployment(requirement.deployment)
    stated = read_target_metric(requirement.target_metric)
    gate = _gate(requirement, stated.clauses, found.gate_clauses if found else (), capacity)
    metric = (
        requirement.metric
        or stated.metric
        or _first_score(requirement.gate)
        or (found.metric if found else "")
    )
    changes: dict[str, Any] = {"metric": metric, "gate": _text(gate)}
    reasons = [*(found.reasons if found else ()), *capacity.reasons]
    if found:
        changes |= _from_sentence(requirement, found)
    if capacity.requests_per_day and requirement.traffic.requests_per_day is None:
        load = max(1, round(capacity.requests_per_day))
        changes["traffic"] = requirement.traffic.model_copy(update={"requests_per_day": load})
    return Resolved(
        requirement.model_copy(update=changes),
        gate,
        found.table if found else "",
        found.horizon_days if found else None,
        capacity,
        tuple(reasons),
    )


def _inferred(requirement: Requirement, columns: Sequence[ColumnSeen]) -> Inference | None:
    """Read the sentence; without one the target must be named, which the reading of the table checks."""
    if not requirement.objective.strip():
        return None
    return infer(requirement.objective, columns, target=requirement.target, task=requirement.task)


def _gate(
    requirement: Requirement, stated: Sequence[Clause], said: Sequence[str], capacity: Capacity
) -> tuple[Clause, ...]:
    """Join all clauses; what the fields say of a metric stands before what the sentences say of it."""
    clauses = list(dict.fromkeys([*stated, *parse_gate(requirement.gate)]))
    bounded = {(clause.metric.name, clause.is_upper) for clause in clauses}
    for text in (*said, capacity.clause):
        clauses += [each for each in parse_gate(text) if (each.metric.name, each.is_upper) not in bounded]
    return parse_gate(_text(clauses))


def _text(clauses: Sequence[Clause]) -> str:
    """Write clauses with every digit of their bounds."""
    return " and ".join(f"{each.metric.name} {each.operator} {each.bound!r}" for each in clauses)


def _first_score(gate: str) -> str:
    return next((clause.metric.name for clause in parse_gate(gate) if not clause.metric.is_cost), "")


def _from_sentence(requirement: Requirement, found: Inference) -> dict[str, Any]:
    changes: dict[str, Any] = {"target": found.target, "task": found.task}
    drop = tuple(dict.fromkeys([*requirement.features.drop, *found.left_out]))
    changes["features"] = requirement.features.model_copy(update={"drop": drop})
    if found.table and requirement.tables.main is None:
        changes["tables"] = requirement.tables.model_copy(update={"main": found.table})
    if found.time_column and requirement.split.strategy == "auto":
        by_time = {"strategy": "time", "time_column": requirement.split.time_column or found.time_column}
        changes["split"] = requirement.split.model_copy(update=by_time)
    return changes
