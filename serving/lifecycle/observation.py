"""What moved elsewhere: the registry's stages against the journal's last word. Pure."""

from collections.abc import Mapping
from datetime import datetime

from serving.lifecycle.journal import Move
from serving.lifecycle.stages import ARCHIVED, DELETED, NONE, PRODUCTION
from serving.lifecycle.versions import RegisteredModel, Version

EXTERNAL = "external"


def may_have_moved(last: Mapping[str, Move], stages: Mapping[str, str]) -> bool:
    """Whether stages that a poll saw, perhaps not of every version, contradict the journal."""
    if any(_known_stage(last, str(version)) != stage for version, stage in stages.items()):
        return True
    seen = {str(version) for version in stages}
    at_rest = (NONE, ARCHIVED, DELETED)
    return any(move.to_stage not in at_rest for version, move in last.items() if version not in seen)


def external_moves(model: RegisteredModel, last: Mapping[str, Move], now: datetime) -> list[Move]:
    """The moves that lead from the journal's last word to the registry's stages, in a likely order.

    A move's time is the registry's own note of the version's last change, kept between the journal's last
    entry of the model and now.
    """
    since = max((move.time for move in last.values()), default=None)
    moved = [
        _external(
            model.name, version, _known_stage(last, version.number), _between(since, version.changed, now)
        )
        for version in model.versions.values()
        if _known_stage(last, version.number) != version.stage
    ]
    gone = [
        _external(model.name, Version(number, DELETED, "", now), move.to_stage, now)
        for number, move in last.items()
        if number not in model.versions and move.to_stage != DELETED
    ]
    return sorted(
        [*moved, *gone], key=lambda move: (move.time, move.to_stage == PRODUCTION, int(move.version))
    )


def _known_stage(last: Mapping[str, Move], version: str) -> str:
    return last[version].to_stage if version in last else NONE


def _between(since: datetime | None, changed: datetime, now: datetime) -> datetime:
    latest = min(changed, now)
    return latest if since is None else max(since, latest)


def _external(name: str, version: Version, before: str, when: datetime) -> Move:
    reason = "noticed in the registry"
    return Move(when, name, version.number, before, version.stage, EXTERNAL, EXTERNAL, reason, external=True)
