"""What a requirement wants done with its model, as the JSON of the registered model's tag `penstock.policy`.

    format                          1
    project, user                   whose model it is
    traffic.challenger_percent      the percent of the traffic of a version in Staging
    traffic.canary                  the rising steps, in percent, in which a new version takes over
    traffic.promote                 true: the step to 100 percent promotes the version without a person
    traffic.hold.max_error_ratio    how far its share of failed requests may exceed the champion's
    traffic.hold.max_latency_ratio  how many times as long as the champion it may take
    traffic.hold.min_requests       how many requests each must have had in a step
    traffic.hold.min_minutes        how long a step lasts at least
    traffic.challenger_ms           when a challenger is late and the champion answers in its place
    capacity.requests_per_day       what the deployment must carry
    capacity.p99_ms                 the longest time of a request (99th percentile)
    capacity.cold_ms                the longest wait for a model that is not loaded
    capacity.max_in_flight          requests of one version that a worker answers at a time
    capacity.is_batch               true: files are scored, no endpoint need run
    capacity.schedule               how often, for batches
    monitoring.drift_share          the share of drifted columns that alarms
    monitoring.min_quality          clauses over the metrics of outcomes
    monitoring.retrain              never, or one or several of drift, quality, rows and five cron fields
    monitoring.approval             whether a retrained version waits for a person before Production
    monitoring.retraining.*         how it is trained again: drift_windows ("2 of 3"), new_rows,
                                    cooldown_hours, recent_days, canary
    promotion.people                how many must agree before Production, whoever asks included
    promotion.comment               whether each must say why
    batch.data, .output, .schedule  what is scored by the clock
    business_metrics.NAME           an expression of `projects.requirement.expression`
    log.mask                        columns that never reach the prediction log
    log.hash                        columns that reach the prediction log only as a keyed hash
    log.retention_days              how long the prediction log is kept

A key that nothing is said of is left out. The tag may be edited: what the requirement wrote is kept beside it
in `penstock.policy.written`, so that a later training changes only what nobody has edited since. What stands
under `promotion` a training may raise, never lower or take away: that is for people who manage the model.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from projects.errors import BadInput
from projects.evaluation.gate import parse_gate
from projects.requirement.capacity import read_deployment
from projects.requirement.model import Requirement
from projects.requirement.watch_sections import NEVER

TAG, WRITTEN = "penstock.policy", "penstock.policy.written"
FORMAT = 1
LONGEST = 5_000
"""What the registry's database holds of a tag."""
PROMOTION = "promotion"
PROMOTION_KINDS: Mapping[tuple[str, ...], type] = {("people",): int, ("comment",): bool}
Leaves = dict[tuple[str, ...], Any]


class Registry(Protocol):
    """What is needed of MLflow's client."""

    def get_registered_model(self, name: str) -> Any:
        """Return the registered model; `tags` maps names to texts."""

    def set_registered_model_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag."""


def policy_of(requirement: Requirement) -> dict[str, Any]:
    """Return the policy that a requirement asks for."""
    traffic, watched, capacity = (
        requirement.traffic,
        requirement.monitoring,
        read_deployment(requirement.deployment),
    )
    load = traffic.requests_per_day or (capacity.requests_per_day and round(capacity.requests_per_day))
    policy: dict[str, Any] = {
        "format": FORMAT,
        "project": requirement.project_name,
        "user": requirement.user,
        "traffic": {
            "challenger_percent": traffic.challenger_percent,
            "canary": list(traffic.canary),
            "promote": traffic.promote or None,
            "hold": traffic.hold.model_dump(),
            "challenger_ms": traffic.challenger_ms,
        },
        "capacity": {
            "requests_per_day": load,
            "p99_ms": capacity.p99_ms,
            "cold_ms": traffic.cold_ms,
            "max_in_flight": traffic.max_in_flight,
            "is_batch": capacity.is_batch or None,
            "schedule": capacity.schedule,
        },
        "monitoring": {
            "drift_share": watched.drift_share,
            "min_quality": [str(clause) for clause in parse_gate(watched.min_quality)],
            "retrain": _retrain(watched.occasions),
            "retraining": watched.retraining.model_dump() | {"canary": watched.retraining.canary or None},
            "approval": watched.approval,
        },
        "promotion": _promotion(requirement),
        "batch": requirement.batch.model_dump(),
        "business_metrics": dict(watched.business_metrics),
        "log": {
            "mask": list(traffic.mask),
            "hash": list(traffic.hashed),
            "retention_days": traffic.retention_days,
        },
    }
    return _nested({path: value for path, value in _leaves(policy).items() if value not in (None, "", [])})


def _promotion(requirement: Requirement) -> dict[str, Any]:
    """What is asked for beyond one person without a word, which needs no saying."""
    asked = requirement.promotion
    return {"people": asked.people if asked.people > 1 else None, "comment": asked.comment or None}


def _retrain(occasions: tuple[str, ...]) -> str | list[str]:
    return occasions[0] if len(occasions) == 1 else list(occasions) or NEVER


def write_policy(client: Registry, name: str, requirement: Requirement) -> tuple[str, ...]:
    """Write a model's policy, and keep what was edited since the last time.

    Args:
        client: The registry.
        name: The registered model.
        requirement: What asks for the policy.

    Returns:
        What was kept against the requirement, a sentence each.

    Raises:
        BadInput: The tag there is no policy, or the policy is too long for a tag.
    """
    return lay_policy(client, name, policy_of(requirement))


def lay_policy(client: Registry, name: str, wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """Write the policy of `policy_of`, as `write_policy` does."""
    tags: Mapping[str, str] = client.get_registered_model(name).tags
    merged, kept = merge(_read(tags, TAG, name), _read(tags, WRITTEN, name), wanted)
    text = json.dumps(merged, ensure_ascii=False, sort_keys=True)
    if len(text) > LONGEST:
        raise BadInput(
            f"the policy of '{name}' has {len(text):,} marks, and a tag takes at most {LONGEST:,};"
            " shorten the business metrics",
            code="too_large",
        )
    if text != tags.get(TAG):
        client.set_registered_model_tag(name, TAG, text)
    if (written := json.dumps(wanted, ensure_ascii=False, sort_keys=True)) != tags.get(WRITTEN):
        client.set_registered_model_tag(name, WRITTEN, written)
    return kept


def merge(
    now: Mapping[str, Any], written: Mapping[str, Any], wanted: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Lay what a requirement wants over a policy, key by key; a key that was edited since stays as it is.

    Args:
        now: The policy as it stands.
        written: What the last requirement wrote.
        wanted: What this one wants.

    Returns:
        The new policy, and what was kept against the requirement.
    """
    current, base, new = _leaves(now), _leaves(written), _promoting(_leaves(wanted))
    kept: list[str] = []
    merged: Leaves = {}
    for path in dict.fromkeys([*current, *new]):
        if any(path[:length] in merged for length in range(1, len(path))):
            continue  # someone put a plain value in the section's place
        is_edited = current.get(path) != base.get(path) or _is_looser(path, current, new)
        chosen = current if is_edited else new
        if path in chosen:
            merged[path] = chosen[path]
        if is_edited and current.get(path) != new.get(path):
            came = f"{new[path]!r}" if path in new else "nothing"
            stands = f"{current[path]!r}" if path in current else "nothing, as someone took it out"
            kept.append(f"the policy's {'.'.join(path)} stays {stands}; the requirement says {came}")
    return _nested(merged), tuple(kept)


def _promoting(wanted: Leaves) -> Leaves:
    """What is wanted, less what no promotion can be asked by: a training's outcome is its job's word."""
    return {
        path: value
        for path, value in wanted.items()
        if path[0] != PROMOTION or type(value) is PROMOTION_KINDS.get(path[1:])
    }


def _is_looser(path: tuple[str, ...], current: Leaves, new: Leaves) -> bool:
    """Whether a new value would let a version into Production more easily than what stands."""
    if path[0] != PROMOTION or path not in current:
        return False
    stands = current[path]
    return path not in new or type(stands) is not type(new[path]) or bool(new[path] < stands)


def _read(tags: Mapping[str, str], tag: str, name: str) -> dict[str, Any]:
    try:
        policy = json.loads(tags.get(tag) or "{}")
    except json.JSONDecodeError as error:
        policy = error
    if not isinstance(policy, dict):
        raise BadInput(f"the tag {tag} of '{name}' is no JSON object; mend it in the registry or delete it",
                       code="broken_policy")  # fmt: skip
    return policy


def _leaves(policy: Mapping[str, Any], above: tuple[str, ...] = ()) -> Leaves:
    found: Leaves = {}
    for key, value in policy.items():
        if isinstance(value, Mapping):
            found |= _leaves(value, (*above, key))
        else:
            found[(*above, key)] = value
    return found


def _nested(leaves: Leaves) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    for path, value in leaves.items():
        inner = policy
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = value
    return policy
