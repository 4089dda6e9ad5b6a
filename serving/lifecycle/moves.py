"""Moving a version: under the model's lease, after a look at what moved elsewhere, each move journalled."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mlflow import MlflowClient

from serving.lifecycle import timeline
from serving.lifecycle.approval import ALONE, read_approval
from serving.lifecycle.database import Database
from serving.lifecycle.errors import (
    AlreadyThereError,
    InvalidMoveError,
    LifecycleError,
    PeopleNeededError,
    UnknownModelError,
)
from serving.lifecycle.journal import Journal, Move, first_break
from serving.lifecycle.leases import Lease, LeaseBusyError, Leases
from serving.lifecycle.observation import external_moves, may_have_moved
from serving.lifecycle.registry import Registry
from serving.lifecycle.stages import ARCHIVED, BELOW, PRODUCTION, STAGING, promotion_target
from serving.lifecycle.versions import RegisteredModel, Version

__all__ = [
    "AlreadyThereError",
    "InvalidMoveError",
    "Lifecycle",
    "LifecycleError",
    "Move",
    "PeopleNeededError",
    "UnknownModelError",
]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Scene:
    model: RegisteredModel
    lease: Lease


class Lifecycle:
    """Moves versions of registered models and knows their history; for threads and processes alike.

    Every method raises LifecycleError with a sentence: `InvalidMoveError` for what is not there or not
    allowed, `AlreadyThereError` when there is nothing to do.

    Args:
        client: The registry. Its patience is MLflow's: set `MLFLOW_HTTP_REQUEST_MAX_RETRIES` low.
        database_url: Where journal and leases are, as an SQLAlchemy URL.
        actor: Who moves, for the journal.
        now: The time, aware.
        wait_s: How long to wait for another move of the same model.
        lease_s: After how long a move counts as dead, so that another may begin.
    """

    def __init__(
        self,
        client: MlflowClient,
        database_url: str,
        *,
        actor: str,
        now: Callable[[], datetime] = utc_now,
        wait_s: float = 10.0,
        lease_s: float = 60.0,
    ) -> None:
        database = Database(database_url)
        self._registry = Registry(client)
        self._journal = Journal(database, self._registry.identity)
        self._leases = Leases(database, now=now, duration_s=lease_s)
        self._actor, self._now, self._wait_s = actor, now, wait_s

    def promote(
        self,
        name: str,
        version: str | int,
        *,
        to: str = PRODUCTION,
        reason: str = "",
        force: bool = False,
        agreed: int = ALONE,
    ) -> Move:
        """Move a version to Staging or Production; the version that was there goes to Archived.

        Args:
            name: The registered model.
            version: The version.
            to: Staging or Production.
            reason: Why, for the journal.
            force: Promote to Production although the version's gate failed.
            agreed: How many people have agreed to it, whoever asks included.

        Raises:
            PeopleNeededError: To Production, and the model's policy wants more people to agree.
        """
        stage = promotion_target(to)
        with self._scene(name) as scene:
            found = scene.model.version(version)
            if stage == PRODUCTION:
                _check_people(scene.model, agreed)
            if stage == PRODUCTION and found.gate.startswith("fail"):
                if not force:
                    raise InvalidMoveError(_gate_failed(name, found))
                reason = f"{reason} (forced; gate {found.gate})".strip()
            return self._move(scene, found, stage, "promote", reason)

    def demote(self, name: str, version: str | int, *, reason: str = "") -> Move:
        """Move a version from Production to Staging, or from Staging to None."""
        with self._scene(name) as scene:
            found = scene.model.version(version)
            if found.stage not in BELOW:
                where = f"version {found.number} of '{name}' is in {found.stage}"
                raise InvalidMoveError(f"{where}; only from {PRODUCTION} or {STAGING} can it be demoted")
            return self._move(scene, found, BELOW[found.stage], "demote", reason)

    def archive(self, name: str, version: str | int, *, reason: str = "") -> Move:
        """Move a version to Archived."""
        with self._scene(name) as scene:
            return self._move(scene, scene.model.version(version), ARCHIVED, "archive", reason)

    def rollback(self, name: str, *, to_version: str | int | None = None, reason: str = "") -> Move:
        """Move Production back to the version that was there before, or to a given one that once was.

        Rollbacks undo promotions: a second one goes further back. Exactly one version is in Production after.
        """
        with self._scene(name) as scene:
            made = {number: version.made for number, version in scene.model.versions.items()}
            moves = timeline.of_versions_there(self._journal.entries(name), made)
            number = to_version
            if number is None:
                number = timeline.rollback_target(moves, scene.model.versions)
            if number is None:
                raise LifecycleError(_nothing_before(scene.model))
            found = scene.model.version(number)
            if not _may_return(moves, found.number):
                never = f"version {found.number} of '{name}' has never been in {PRODUCTION}"
                raise InvalidMoveError(f"{never}, so there is nothing to roll back to; promote it instead")
            return self._move(scene, found, PRODUCTION, "rollback", reason)

    def history(self, name: str) -> list[Move]:
        """The model's moves in their order; empty when there are none."""
        return self._journal.entries(name)

    def models(self) -> list[str]:
        """The models that the journal knows."""
        return self._journal.models()

    def production_at(self, name: str, when: datetime) -> str | None:
        """The version that was in Production at a time, by the journal.

        Raises:
            InvalidMoveError: The time has no zone.
        """
        if when.tzinfo is None:
            raise InvalidMoveError(f"a time must have its zone, like 2026-07-31T12:00:00Z, not '{when}'")
        return timeline.production_at(self._journal.entries(name), when)

    def observe(self, name: str, stages: Mapping[str, str] | None = None) -> list[Move]:
        """Journal as external what moved elsewhere since the journal's last word.

        While another holds the model's lease nothing is journalled; the next observation will tell.

        Args:
            name: The registered model.
            stages: The stages as a poll has just seen them, version to stage. It need not hold every version:
                it only tells whether a closer look is worth it. Without it the look is always taken.
        """
        if stages is not None and not may_have_moved(self._journal.last_moves(name), stages):
            return []
        try:
            with self._leases.held(_lease_name(name), f"{self._actor} (observing)", wait_s=0.0):
                return self._observe(name, self._known_model(name))
        except LeaseBusyError:
            return []

    def verify(self) -> str | None:
        """What is wrong with the first broken entry of the whole journal, or None when all hold."""
        return first_break(self._journal.entries())

    @contextmanager
    def _scene(self, name: str) -> Iterator[_Scene]:
        with self._leases.held(_lease_name(name), self._actor, wait_s=self._wait_s) as lease:
            model = self._registry.model(name)
            self._observe(name, model)
            yield _Scene(model, lease)

    def _known_model(self, name: str) -> RegisteredModel:
        try:
            return self._registry.model(name)
        except UnknownModelError:
            return RegisteredModel(name, {}, {})

    def _observe(self, name: str, model: RegisteredModel) -> list[Move]:
        moved = external_moves(model, self._journal.last_moves(name), self._now())
        return self._journal.append(moved) if moved else []

    def _move(self, scene: _Scene, version: Version, stage: str, action: str, reason: str) -> Move:
        model = scene.model
        displaced = [number for number in _giving_way(model, stage) if number != version.number]
        if version.stage == stage and not displaced:
            self._registry.align_aliases(model)
            raise AlreadyThereError(f"version {version.number} of '{model.name}' is in {stage} already")
        self._leases.renew(scene.lease)
        self._registry.move(model.name, version.number, stage)
        when, why = self._now(), f"replaced by version {version.number}"
        replaced = [
            Move(when, model.name, number, stage, ARCHIVED, "replaced", self._actor, why)
            for number in displaced
        ]
        asked = Move(when, model.name, version.number, version.stage, stage, action, self._actor, reason)
        moves = self._journal.append([*replaced, asked])
        self._registry.align_aliases(_after(model, moves))
        return moves[-1]


def _lease_name(name: str) -> str:
    return f"moving '{name}'"


def _giving_way(model: RegisteredModel, stage: str) -> list[str]:
    return model.in_stage(stage) if stage in (STAGING, PRODUCTION) else []


def _after(model: RegisteredModel, moves: list[Move]) -> RegisteredModel:
    moved = {move.version: replace(model.versions[move.version], stage=move.to_stage) for move in moves}
    return replace(model, versions={**model.versions, **moved})


def _may_return(moves: list[Move], version: str) -> bool:
    return timeline.was_in_production(moves, version) or version in timeline.archived_unseen(moves)


def _check_people(model: RegisteredModel, agreed: int) -> None:
    wanted = read_approval(model.policy, model=model.name).people
    if wanted > agreed:
        raise PeopleNeededError(
            f"to put a version of '{model.name}' into {PRODUCTION}, {wanted} people must agree (its policy"
            " says so); ask the platform: `penstock promote`, the console, or POST /api/ml/approvals"
        )


def _gate_failed(name: str, version: Version) -> str:
    clause = version.gate.removeprefix("fail").strip(": ") or "no clause named"
    return f"version {version.number} of '{name}' failed its gate ({clause}); use force to promote it anyway"


def _nothing_before(model: RegisteredModel) -> str:
    live = model.in_stage(PRODUCTION)
    now = f"version {live[-1]} is in {PRODUCTION}" if live else f"no version is in {PRODUCTION}"
    return f"'{model.name}' has nothing to go back to: {now}, and no earlier one is known; promote a version"
