"""What a team wants done with a model while it answers: the part of its policy that the gateway reads.

The policy is the registered model's tag `penstock.policy`. Keys that are not named here belong to others and
are passed over; a value that cannot be used is told of and its default stands, so that an edited tag never
stops a model.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TAG = "penstock.policy"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the gateway heeds; times in milliseconds.

    Attributes:
        cold_ms: The longest wait for a model that is not loaded; None for the setting's.
        challenger_ms: When a challenger that has not answered is late, and the champion answers; None: at
            half of the time limit.
        max_in_flight: Requests that one worker has answered at a time by each version that does not answer at
            once; None for no bound but the setting's share.
        mask: Columns that never reach the prediction log.
        hashed: Columns that reach it as a hash.
        retention_days: How long the prediction log is kept; None for the setting's.
        problems: What in the tag could not be used, as sentences.
    """

    cold_ms: float | None = None
    challenger_ms: float | None = None
    max_in_flight: int | None = None
    mask: frozenset[str] = frozenset()
    hashed: frozenset[str] = frozenset()
    retention_days: float | None = None
    problems: tuple[str, ...] = ()


NO_POLICY = Policy()
_PLACES: Mapping[str, tuple[str, str]] = {
    "cold_ms": ("capacity", "cold_ms"),
    "challenger_ms": ("traffic", "challenger_ms"),
    "max_in_flight": ("capacity", "max_in_flight"),
    "mask": ("log", "mask"),
    "hashed": ("log", "hash"),
    "retention_days": ("log", "retention_days"),
}


def parse(text: str | None, *, model: str) -> Policy:
    """Read a policy's text.

    Args:
        text: The tag's JSON; None where there is no tag.
        model: Whose policy it is, for the sentences.
    """
    if not text:
        return NO_POLICY
    try:
        table = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        return Policy(problems=(f"the policy of '{model}' must be JSON: {error}",))
    if not isinstance(table, dict):
        return Policy(problems=(f"the policy of '{model}' must be a JSON object",))
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, place in _PLACES.items():
        value = _at(table, place)
        if value is None:
            continue
        try:
            values[name] = _CHECKS[name](value)
        except ValueError as error:
            problems.append(f"the policy of '{model}': {'.'.join(place)} {error}")
    return Policy(**values, problems=tuple(problems))


def _at(table: Mapping[str, Any], place: tuple[str, str]) -> Any:
    section = table.get(place[0])
    return section.get(place[1]) if isinstance(section, dict) else None


def _milliseconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"must be milliseconds above zero, not {value!r}")
    return float(value)


def _days(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"must be days above zero, not {value!r}")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"must be a whole number from 1, not {value!r}")
    return value


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be a list of columns' names")
    return frozenset(value)


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "cold_ms": _milliseconds,
    "challenger_ms": _milliseconds,
    "max_in_flight": _count,
    "mask": _names,
    "hashed": _names,
    "retention_days": _days,
}
