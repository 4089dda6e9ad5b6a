"""A tester's choice of who answers: `X-Penstock-Variant: challenger`, `X-Penstock-Version: 7`, or both.

Only what the route holds can be chosen. Everybody else stays with the variant that they had. A chosen variant
answers for itself: where it fails, the tester sees how, and the champion does not step in.
"""

from collections.abc import Mapping

from serving.protocol.errors import RequestError
from serving.registry.table import ActiveRoute, Lane

VARIANT, VERSION = b"x-penstock-variant", b"x-penstock-version"
REASON = "override"
SHOWN = 64


def is_chosen(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request says who is to answer it."""
    return VARIANT in headers or VERSION in headers


def chosen_lane(route: ActiveRoute, headers: Mapping[bytes, bytes], *, is_allowed: bool) -> Lane:
    """The lane that a request's headers name.

    Raises:
        RequestError: 403 where callers must not choose, 400 for a name that the route does not have, 503 for
            a variant without a version.
    """
    if not is_allowed:
        sentence = "this gateway lets no caller choose a variant or a version; leave the header out"
        raise RequestError(403, sentence, reason=REASON)
    variant, version = _text(headers.get(VARIANT)), _text(headers.get(VERSION))
    states = zip(route.state.variants, route.lanes, strict=True)
    named = [(state, lane) for state, lane in states if variant in (None, state.name)]
    if not named:
        raise RequestError(400, f"there is no variant '{variant}' here; {_known(route)}", reason=REASON)
    lanes = [lane for _, lane in named if lane is not None]
    if not lanes:
        sentence = f"variant '{variant}' has no version that can answer; {_known(route)}"
        raise RequestError(503, sentence, reason=REASON)
    found = next((lane for lane in lanes if version in (None, lane.held.version)), None)
    if found is None:
        of = f"variant '{variant}' does not hold" if variant else "no variant here holds"
        raise RequestError(400, f"{of} version {version}; {_known(route)}", reason=REASON)
    return found


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1").strip()[:SHOWN]


def _known(route: ActiveRoute) -> str:
    pairs = zip(route.state.variants, route.lanes, strict=True)
    named = [f"{state.name} (version {lane.held.version if lane else 'none'})" for state, lane in pairs]
    return f"known are {', '.join(named)}"
