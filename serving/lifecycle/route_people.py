"""A model's own name is answered by its version in Production where several people must agree to promote one.

Else a route would do what a promotion may not: give a version that nobody else has seen the model's traffic.
Less than half of it may go elsewhere, so that a canary and an A/B test under the name can begin.
"""

from collections.abc import Mapping

from serving.lifecycle.approval import read_approval
from serving.lifecycle.errors import PeopleNeededError
from serving.lifecycle.route_tags import known_of
from serving.lifecycle.stages import PRODUCTION
from serving.registry.listing import Model
from serving.routing import check
from serving.routing.route import BUCKETS, Route

HALF = BUCKETS // 2


def check_shares(route: Route, carrier: str, models: Mapping[str, Model]) -> None:
    """See that a route leaves a model's name to its version in Production, where its policy asks for that.

    Args:
        route: The route that is to be.
        carrier: The registered model that is to carry it; routes of other names are free.
        models: The registry, with the versions of the models that the route names.

    Raises:
        PeopleNeededError: Half of the traffic or more would go elsewhere.
    """
    if route.name != carrier:
        return
    people = read_approval(models[carrier].policy, model=carrier)
    elsewhere = _elsewhere(route, carrier, models)
    if people.is_needed and elsewhere >= HALF:
        raise PeopleNeededError(
            f"route '{route.name}' gives {elsewhere / BUCKETS:.0%} of the traffic to what is not in"
            f" {PRODUCTION} of '{carrier}', and its policy wants {people.people} people for that;"
            " give less than 50 %, or ask for the promotion: the console, or POST /api/ml/approvals"
        )


def _elsewhere(route: Route, carrier: str, models: Mapping[str, Model]) -> int:
    """The buckets of all variants but those that mean the model's version in Production."""
    known = known_of(models)
    stages = known.stages[carrier]
    return sum(
        variant.buckets
        for variant in route.variants
        if variant.model != carrier or stages.get(check.target(variant, known).version or "") != PRODUCTION
    )
