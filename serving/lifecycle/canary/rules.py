"""What the policy says of a canary: its steps, what holds one back, and whether the last one promotes.

traffic.canary                  the rising steps, in percent; [10, 50, 100]
traffic.challenger_percent      the only step, where no steps are named
traffic.promote                 true: after the last step the version is promoted to Production, unless
                                promotion.people asks for more than one person
traffic.hold.max_error_ratio    how far the challenger's share of failures may exceed the champion's
traffic.hold.max_latency_ratio  how much slower than the champion the challenger may be
traffic.hold.min_requests       how many requests each must have answered in a step
traffic.hold.min_minutes        how long a step lasts at least
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from serving.lifecycle.approval import read_approval
from serving.lifecycle.errors import InvalidMoveError

WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds a step back.

    Attributes:
        max_error_ratio: The most by which the challenger's share of failures may exceed the champion's.
        max_latency_ratio: The most that the challenger's 99th percentile may be of the champion's; the 95th
            where there are fewer than 1,000 requests.
        min_requests: The fewest requests of each, in a step.
        min_minutes: The shortest step.
    """

    max_error_ratio: float = 0.01
    max_latency_ratio: float = 1.5
    min_requests: int = 500
    min_minutes: float = 10.0


@dataclass(frozen=True, slots=True)
class Rules:
    """A canary's schedule: rising percents, and what holds a step back."""

    steps: tuple[float, ...]
    hold: Hold
    promote: bool

    def __str__(self) -> str:
        return ", ".join(f"{step:g}" for step in self.steps)

    @property
    def promotes(self) -> bool:
        """Whether the step after the last share is a promotion."""
        return self.promote and self.steps[-1] == WHOLE

    def after(self, percent: float) -> float | None:
        """The next step's percent; None after the last."""
        return next((step for step in self.steps if step > percent), None)


def read_rules(text: str | None, *, model: str) -> Rules:
    """Read the rules from a policy's text.

    Args:
        text: The tag's JSON; None where there is no tag.
        model: Whose policy it is, for the sentences.

    Raises:
        InvalidMoveError: The policy cannot be used.
    """
    traffic = _section(_policy(text, model), "traffic", model)
    steps = traffic.get("canary") or [traffic.get("challenger_percent")]
    steps = [] if steps == [None] else steps
    hold = _hold(_section(traffic, "hold", model), model)
    is_alone = not read_approval(text, model=model).is_needed
    return Rules(_steps(steps, model), hold, _promote(traffic, model) and is_alone)


def _policy(text: str | None, model: str) -> Mapping[str, Any]:
    try:
        policy = json.loads(text or "{}")
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidMoveError(f"the policy of '{model}' must be JSON: {error}") from error
    if not isinstance(policy, dict):
        raise InvalidMoveError(f"the policy of '{model}' must be a JSON object")
    return policy


def _section(table: Mapping[str, Any], key: str, model: str) -> Mapping[str, Any]:
    value = table.get(key)
    if value is not None and not isinstance(value, dict):
        raise InvalidMoveError(f"the policy of '{model}': {key} must be an object, not {value!r}")
    return value or {}


def _steps(value: object, model: str) -> tuple[float, ...]:
    wanted = f"the policy of '{model}': traffic.canary must be rising percents such as [10, 50, 100]"
    if not isinstance(value, list):
        raise InvalidMoveError(f"{wanted}, not {value!r}")
    if not value:
        raise InvalidMoveError(
            f"the policy of '{model}' has no traffic.canary; set it, such as [10, 50, 100]"
        )
    if not all(_is_number(step) and 0 < step <= WHOLE for step in value) or value != sorted(set(value)):
        raise InvalidMoveError(f"{wanted}, not {value!r}")
    if value[0] >= WHOLE:
        raise InvalidMoveError(f"{wanted}: the first must leave the champion a share to be compared with")
    if any(round(step, 2) != step for step in value):
        raise InvalidMoveError(f"{wanted}, with at most two decimals, not {value!r}")
    return tuple(float(step) for step in value)


def _hold(table: Mapping[str, Any], model: str) -> Hold:
    known = [field.name for field in fields(Hold)]
    for key, value in table.items():
        where = f"the policy of '{model}': traffic.hold.{key}"
        if key not in known:
            raise InvalidMoveError(f"{where} is no key; known are {', '.join(known)}")
        if not _is_number(value) or value < 0:
            raise InvalidMoveError(f"{where} must be a number from 0, not {value!r}")
    return Hold(**table)


def _promote(traffic: Mapping[str, Any], model: str) -> bool:
    value = traffic.get("promote", False)
    if not isinstance(value, bool):
        raise InvalidMoveError(
            f"the policy of '{model}': traffic.promote must be true or false, not {value!r}"
        )
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
