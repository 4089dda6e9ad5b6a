"""Whether the gateway answers by a route as it was written: it follows the registry a moment later."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from penstock.problems import Away

if TYPE_CHECKING:
    from penstock.desk import Desk

WAIT_S, PAUSE_S = 10.0, 0.1


def is_followed(
    desk: "Desk", name: str, weights: Mapping[str, float] | None, *, wait_s: float = WAIT_S
) -> bool:
    """Wait until the gateway answers by a route.

    Args:
        desk: The process's desk.
        name: What the route is called by.
        weights: The percent of each variant; None where the route is to be gone.
        wait_s: How long to wait at most.

    Returns:
        Whether it does; False, too, where it cannot be asked.
    """
    headers = [(key.encode(), value.encode()) for key, value in desk.gateway_key.headers().items()]
    deadline = time.monotonic() + wait_s
    while True:
        try:
            told = desk.gateway.call("GET", f"/models/{quote(name, safe='')}", headers=headers)
        except Away:
            return False
        if _weights(told.status, told.body) == weights:
            return True
        if time.monotonic() >= deadline or told.status not in (200, 404):
            return False
        time.sleep(PAUSE_S)


def _weights(status: int, body: bytes) -> dict[str, float] | None:
    """The percent of each variant that has a version to answer with."""
    if status != 200:
        return None
    return {each["name"]: each["weight"] for each in orjson.loads(body)["variants"] if each["version"]}
