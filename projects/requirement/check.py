"""What a type cannot say of a requirement: that its metrics, candidates and names exist and can be used."""

from projects.errors import BadInput
from projects.evaluation.gate import parse_gate
from projects.evaluation.metrics import find_metric
from projects.requirement.expression import parse_expression
from projects.requirement.model import Requirement
from projects.requirement.target_metric import read_target_metric


def check(requirement: Requirement) -> None:
    """Refuse a requirement that no data could satisfy.

    Raises:
        BadInput: Which key, and why.
    """
    for key in ("name", "project_name"):
        check_name(getattr(requirement, key))
    if requirement.metric:
        find_metric(requirement.metric)
    read_target_metric(requirement.target_metric)
    parse_gate(requirement.gate)
    parse_gate(requirement.monitoring.min_quality)
    _check_candidates(requirement)
    for name, text in requirement.monitoring.business_metrics.items():
        parse_expression(text, name=name)


def check_name(name: str) -> None:
    """Refuse what the registry would refuse as a model's name.

    Raises:
        BadInput: It holds marks that paths and addresses are made of.
    """
    if "/" in name or ":" in name or not name.isprintable() or name in {".", ".."}:
        raise BadInput(
            f"'{name}' is no name for a registered model: it may not hold '/', ':' or control marks",
            code="wrong_name",
        )


def _check_candidates(requirement: Requirement) -> None:
    from projects.learning.candidates.listing import parse_candidates

    parse_candidates(",".join(requirement.candidates))
    ensembles = requirement.ensembles
    named = [*requirement.hyperparameters, *requirement.tuning.grid, *ensembles.members, ensembles.meta_model]
    for name in filter(None, named):
        parse_candidates(name)
