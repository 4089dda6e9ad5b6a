"""What a team wants watched of a model, and done about it: the part of its policy that the monitor reads.

The policy is the registered model's tag `penstock.policy`. Keys that are not named here belong to others; a
value that cannot be used is told of and its default stands, so that an edited tag never stops the monitor.

    monitoring.drift_share                      the share of drifted columns that alarms
    monitoring.min_quality                      clauses such as "roc_auc >= 0.8"
    monitoring.retrain                          of never, drift, quality, rows, five cron fields
    monitoring.approval                         whether a retrained version waits for a person
    monitoring.retraining.drift_windows         "2 of 3": drift in 2 of the last 3 closed windows
    monitoring.retraining.new_rows              so many newly labelled rows are enough to train on
    monitoring.retraining.cooldown_hours        the least time from one retraining to the next
    monitoring.retraining.recent_days           train on these days' rows alone; not given: on all there are
    monitoring.retraining.canary                whether a better version is let into the traffic step by step
    business_metrics.NAME                       an expression over prediction, outcome, value and features
    batch.data, batch.output, batch.schedule    what is scored by the clock, and when (five cron fields)
    log.mask, log.hash                          columns that the log does not hold as they were
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from serving.lifecycle.approval import read_approval

TAG = "penstock.policy"
EVENTS = ("drift", "quality", "rows")
NEVER = "never"
NEW_ROWS = 200
DRIFT_WINDOWS = (2, 3)
COOLDOWN_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Retraining:
    """When to train again, and how.

    Attributes:
        events: Of `drift`, `quality` and `rows`, those that start a retraining.
        schedules: When it starts by the clock, each in cron's five fields (UTC).
        drift_windows: Drift in the first so many of the second so many last closed windows starts one.
        new_rows: So many newly labelled rows start one, and are the least to train on.
        cooldown_hours: The least time from the start of one to the next.
        recent_days: The rows of so many days alone are learned; None for all, the original ones first.
        canary: Whether a better version is let into the traffic by the steps of the policy's canary.
    """

    events: frozenset[str] = frozenset()
    schedules: tuple[str, ...] = ()
    drift_windows: tuple[int, int] = DRIFT_WINDOWS
    new_rows: int = NEW_ROWS
    cooldown_hours: float = COOLDOWN_HOURS
    recent_days: float | None = None
    canary: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are scored by the clock.

    Attributes:
        data: Where they come from, as the entry point `predict` reads it.
        output: Where the predictions go; `{date}` becomes the day.
        schedule: When, in cron's five fields (UTC).
    """

    data: str
    output: str
    schedule: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the monitor heeds.

    Attributes:
        drift_share: The share of drifted columns that alarms; None for the setting's.
        min_quality: Clauses over the metrics of outcomes, as texts.
        business: Expressions by name.
        retraining: When to train again.
        approval: Whether a retrained version waits for a person before Production; always where the policy's
            `promotion.people` asks for several.
        batch: What is scored by the clock; None for nothing.
        hidden: Columns that the log does not hold as they were: masked or hashed.
        problems: What in the tag could not be used, as sentences.
    """

    drift_share: float | None = None
    min_quality: tuple[str, ...] = ()
    business: Mapping[str, str] = field(default_factory=dict)
    retraining: Retraining = Retraining()
    approval: bool = True
    batch: Batch | None = None
    hidden: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


NO_POLICY = Policy()


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
        json.dumps(table, ensure_ascii=False).encode()  # half a character is no text anywhere else
    except (ValueError, RecursionError) as error:
        return Policy(problems=(f"the policy of '{model}' must be JSON: {error}",))
    if not isinstance(table, dict):
        return Policy(problems=(f"the policy of '{model}' must be a JSON object",))
    reading = _Reading(table, model)
    values = {name: reading.at(place, check) for name, (place, check) in _PLACES.items()}
    retraining = {name: reading.at(place, check) for name, (place, check) in _RETRAINING.items()}
    events, schedules = reading.at("monitoring.retrain", _occasions) or (frozenset(), ())
    mask, hashed = (reading.at(place, _texts) or () for place in ("log.mask", "log.hash"))
    asked = read_approval(text, model=model)
    if asked.is_needed:  # several people are more than one
        values["approval"] = True
    return Policy(
        **_given(values),
        retraining=Retraining(events, schedules, **_given(retraining)),
        hidden=frozenset(mask) | frozenset(hashed),
        problems=(*reading.problems, *asked.problems),
    )


class _Reading:
    def __init__(self, table: Mapping[str, Any], model: str) -> None:
        self._table, self._model = table, model
        self.problems: list[str] = []

    def at(self, place: str, check: Callable[[Any], Any]) -> Any:
        """The checked value at a place; None where there is none or it cannot be used."""
        value: Any = self._table
        for key in place.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None:
            return None
        try:
            return check(value)
        except ValueError as error:
            self.problems.append(f"the policy of '{self._model}': {place} {error}")
            return None


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _number(least: float, most: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}, not {value!r:.60}")
        return float(value)

    return check


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"must be a whole number from 1, not {value!r:.60}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r:.60}")  # noqa: TRY004 - one kind for all
    return value


def _texts(value: Any) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"must be a text or a list of texts, not {value!r:.60}")
    return tuple(found)


def _expressions(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError(f"must map names to expressions, not {value!r:.60}")
    return value


def _some_of(value: Any) -> tuple[int, int]:
    parts = str(value).split()
    if len(parts) == 3 and parts[1] == "of" and parts[0].isdigit() and parts[2].isdigit():
        some, all_of = int(parts[0]), int(parts[2])
        if 1 <= some <= all_of:
            return some, all_of
    raise ValueError(f"must be like '2 of 3', not {value!r:.60}")


def _occasions(value: Any) -> tuple[frozenset[str], tuple[str, ...]]:
    named = [each.strip() for each in _texts(value)]
    schedules = tuple(each for each in named if len(each.split()) == 5)
    strange = [each for each in named if each not in (*EVENTS, NEVER, *schedules)]
    if strange:
        known = ", ".join((NEVER, *EVENTS))
        raise ValueError(f"must be of {known}, or five cron fields such as '0 2 * * 0', not '{strange[0]}'")
    return frozenset(named) & frozenset(EVENTS), schedules


def _batch(value: Any) -> Batch:
    keys = ("data", "output", "schedule")
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) and value[key] for key in keys):
        raise ValueError(f"must have the texts {', '.join(keys)}, not {value!r:.60}")
    return Batch(value["data"], value["output"], value["schedule"])


_Check = Callable[[Any], Any]
_PLACES: Mapping[str, tuple[str, _Check]] = {
    "drift_share": ("monitoring.drift_share", _number(0.0, 1.0)),
    "min_quality": ("monitoring.min_quality", _texts),
    "business": ("business_metrics", _expressions),
    "approval": ("monitoring.approval", _flag),
    "batch": ("batch", _batch),
}
_RETRAINING: Mapping[str, tuple[str, _Check]] = {
    "drift_windows": ("monitoring.retraining.drift_windows", _some_of),
    "new_rows": ("monitoring.retraining.new_rows", _count),
    "cooldown_hours": ("monitoring.retraining.cooldown_hours", _number(0.0, 10_000.0)),
    "recent_days": ("monitoring.retraining.recent_days", _number(0.01, 10_000.0)),
    "canary": ("monitoring.retraining.canary", _flag),
}
