"""What a model's moves say: who was in Production when, and whom a rollback goes back to. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from serving.lifecycle.journal import Move
from serving.lifecycle.stages import ARCHIVED, DELETED, PRODUCTION

CLOCKS_DIFFER = timedelta(seconds=60)
"""How far MLflow's clock may be ahead of the one that stamps moves."""


def production_at(moves: Sequence[Move], when: datetime) -> str | None:
    """The version in Production at a time; the last to come where several were."""
    live: dict[str, None] = {}
    for move in moves:
        if move.time <= when:
            live.pop(move.version, None)
            if move.to_stage == PRODUCTION:
                live[move.version] = None
    return next(reversed(live), None)


def rollback_target(moves: Sequence[Move], existing: Collection[str]) -> str | None:
    """The version that was in Production before the last one, and still exists.

    Rollbacks undo: after going back from 3 to 2, the next goes back to 1, not forward to 3. Where the journal
    knows of none, it is the highest version that was in Archived before the journal began.

    Args:
        moves: The model's moves in their order.
        existing: The versions that the registry has.
    """
    earlier = [version for version in _promoted(moves)[:-1] if version in existing]
    if earlier:
        return earlier[-1]
    unknown = [version for version in archived_unseen(moves) if version in existing]
    return max(unknown, key=int, default=None)


def was_in_production(moves: Sequence[Move], version: str) -> bool:
    """Whether the journal has seen a version in Production."""
    return any(move.version == version and move.to_stage == PRODUCTION for move in moves)


def archived_unseen(moves: Sequence[Move]) -> list[str]:
    """Versions that were in Archived when first noticed; they may have been in Production before that."""
    first: dict[str, Move] = {}
    for move in moves:
        first.setdefault(move.version, move)
    return [
        version
        for version, move in first.items()
        if move.external and move.to_stage == ARCHIVED and not was_in_production(moves, version)
    ]


def of_versions_there(moves: Sequence[Move], made: Mapping[str, datetime | None]) -> list[Move]:
    """The moves without those of deleted versions whose numbers were given again.

    Args:
        moves: The model's moves in their order.
        made: When each version that the registry has was made; None where it does not say.
    """
    gone = {move.version: place for place, move in enumerate(moves) if move.to_stage == DELETED}

    def is_its_own(place: int, move: Move) -> bool:
        since = made.get(move.version)
        if move.version not in made:
            return True
        return place > gone.get(move.version, -1) and (since is None or move.time >= since - CLOCKS_DIFFER)

    return [move for place, move in enumerate(moves) if is_its_own(place, move)]


def _promoted(moves: Sequence[Move]) -> list[str]:
    """The versions promoted and not rolled back, the last one last."""
    stack: list[str] = []
    for move in moves:
        if move.to_stage != PRODUCTION:
            continue
        if move.action == "rollback":
            while stack and stack[-1] != move.version:
                stack.pop()
        if stack[-1:] != [move.version]:
            stack.append(move.version)
    return stack
