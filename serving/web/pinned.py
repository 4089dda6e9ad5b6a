"""A caller's choice of a version by its path, as in `/v2/models/churn/versions/7/infer`."""

from serving.protocol.errors import RequestError
from serving.registry.table import ActiveRoute, Lane
from serving.web.override import REASON, SHOWN


def pinned_lane(route: ActiveRoute, version: str, *, is_allowed: bool = True) -> Lane:
    """The lane of a route that holds a version; of its own model first.

    Args:
        route: The route that was called.
        version: The number in the path.
        is_allowed: Whether callers may choose.

    Raises:
        RequestError: 403 where callers must not choose, 404 where no variant of the route holds the version.
    """
    if not is_allowed:
        sentence = "this gateway lets no caller choose a version; leave '/versions/...' out of the path"
        raise RequestError(403, sentence, reason=REASON)
    holding = [lane for lane in route.lanes if lane and lane.held.version == version]
    if not holding:
        held = ", ".join(versions(route)) or "none"
        sentence = (
            f"no variant of '{route.state.name}' holds version '{version[:SHOWN]}'; held are {held}"
            " (a route gives a version its share of the traffic)"
        )
        raise RequestError(404, sentence)
    return next((lane for lane in holding if lane.held.model == route.state.model), holding[0])


def versions(route: ActiveRoute) -> list[str]:
    """The numbers of the versions that a route can answer with, each once."""
    return list(dict.fromkeys(lane.held.version for lane in route.lanes if lane))
