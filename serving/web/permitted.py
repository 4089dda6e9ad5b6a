"""What MLflow's permissions on registered models mean for a route: READ knows of it, USE has it predict."""

from serving.callers.grants import READ, USE, Grants
from serving.keys.key import Action
from serving.registry.table import ActiveRoute, Table

LEVELS = {"predict": USE, "feedback": USE}
"""What an action needs; every other READ."""


def models_of(route: ActiveRoute) -> frozenset[str]:
    """The registered models that a route can be answered by."""
    return frozenset((route.state.model, *(variant.model for variant in route.state.variants)))


def may_see(grants: Grants, route: ActiveRoute) -> bool:
    """Whether a user may know of a route: of every model that it can be answered by."""
    return _level(grants, route) >= READ


def may_do(grants: Grants, action: Action, route: ActiveRoute) -> bool:
    """Whether a user may do something with every model that a route can be answered by."""
    return _level(grants, route) >= LEVELS.get(action, READ)


def usable(grants: Grants, table: Table) -> frozenset[str] | None:
    """The registered models of a table whose predictions a user may judge; None for all there are."""
    if grants.is_admin:
        return None
    models = frozenset[str]().union(*map(models_of, table.values()))
    return frozenset(model for model in models if grants.level("registered_model", model) >= USE)


def _level(grants: Grants, route: ActiveRoute) -> int:
    return min(grants.level("registered_model", model) for model in models_of(route))
