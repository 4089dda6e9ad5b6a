"""`target_metric: "AUC > 0.85"`: clauses as in a gate, or a sentence that holds some, or a metric alone."""

from dataclasses import dataclass

from projects.errors import BadInput
from projects.evaluation.gate import Clause, parse_gate
from projects.evaluation.metrics import find_metric
from projects.requirement.measures import find_measures
from projects.requirement.words import tokens


@dataclass(frozen=True)
class TargetMetric:
    """What a target metric says.

    Attributes:
        clauses: What a version must pass.
        metric: What candidates are compared by; empty where a cost alone is bounded.
    """

    clauses: tuple[Clause, ...] = ()
    metric: str = ""


def read_target_metric(text: str) -> TargetMetric:
    """Read the field `target_metric`.

    Raises:
        BadInput: It names no metric.
    """
    if not text.strip():
        return TargetMetric()
    try:
        clauses = parse_gate(text)
    except BadInput as error:
        return _in_words(text, error)
    return TargetMetric(clauses, _first_score(clauses))


def _in_words(text: str, error: BadInput) -> TargetMetric:
    measures = find_measures(tokens(text))
    if measures:
        clauses = parse_gate(" and ".join(each.clause for each in measures if each.clause))
        return TargetMetric(clauses, _first_score(clauses) or measures[0].metric)
    try:
        return TargetMetric((), find_metric(text).name)
    except BadInput:
        raise BadInput(f"target_metric: {error}", code="unknown_metric") from error


def _first_score(clauses: tuple[Clause, ...]) -> str:
    return next((clause.metric.name for clause in clauses if not clause.metric.is_cost), "")
