"""What the gateway's refusals mean for whoever asked the platform: the same sentence as a problem."""

from collections.abc import Callable, Mapping

import orjson

from penstock.problems import Away, BadRequest, NotAllowed, NotFound, Problem, TooLarge, TooMany

_KINDS: Mapping[int, Callable[..., Problem]] = {
    400: BadRequest,
    403: NotAllowed,
    404: NotFound,
    413: TooLarge,
    415: BadRequest,
    422: BadRequest,
    429: TooMany,
}
MOST_SHOWN = 2000


def problem_of(status: int, body: bytes, retry_after: str = "") -> Problem:
    """The problem that a refusal of the gateway's is.

    Args:
        status: Its status.
        body: Its body, in MLflow's form of errors.
        retry_after: Its header `Retry-After`.
    """
    sentence = _sentence(body) or f"the gateway answered with status {status}; its log says why"
    retry_s = float(retry_after) if retry_after.isdecimal() else None
    if status == 401:
        sentence = f"the gateway does not take the platform's credentials ({sentence}); check gateway_auth"
    return _KINDS.get(status, Away)(sentence[:MOST_SHOWN], retry_s=retry_s)


def _sentence(body: bytes) -> str:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    message = found.get("message") if isinstance(found, dict) else None
    return message if isinstance(message, str) else ""
