"""What MLflow's permissions allow a user, read in one go: their grants, and the floor below them.

MLflow judges a resource at a time; a page of a hundred projects would take it a second. So a user's grants
are read once, and judged here by MLflow's own rule: a refusal (`DENY`) beats every grant, of grants the
highest counts, and none falls below the server's `default_permission`.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from serving.callers.answers import Answers
from serving.callers.asking import Credentials, Reply, UsersAway, ask, own_credentials

LEVELS: Mapping[str, int] = MappingProxyType(
    {"DENY": 0, "NO_PERMISSIONS": 0, "READ": 1, "USE": 2, "EDIT": 3, "MANAGE": 4}
)
MANAGE = LEVELS["MANAGE"]
READ = LEVELS["READ"]
USE = LEVELS["USE"]
KINDS = ("experiment", "registered_model")
ANY = "*"
TTL_S = 10.0
"""After so long a permission that was taken away is gone here, too."""

_PERMISSIONS = "/api/3.0/mlflow/users/permissions"


@dataclass(frozen=True, slots=True)
class Grants:
    """A user's grants.

    Attributes:
        user: The user's name.
        is_admin: Whether MLflow lets them do everything.
        floor: The level that the server gives everybody, by kind; a user's wildcards may be in it.
        given: Levels by kind and resource, where a resource may be `*`.
        denied: Kinds and resources that are denied.
    """

    user: str
    is_admin: bool
    floor: Mapping[str, int]
    given: Mapping[tuple[str, str], int]
    denied: frozenset[tuple[str, str]]

    def level(self, kind: str, name: str) -> int:
        """The level on an experiment's id or a registered model's name, from 0 to `MANAGE`."""
        if self.is_admin or self.given.get(("workspace", ANY), 0) == MANAGE:
            return MANAGE
        if self.denied & {(kind, name), (kind, ANY)}:
            return 0
        given = self.given
        return max(given.get((kind, name), 0), given.get((kind, ANY), 0), self.floor.get(kind, 0))

    def may_read(self, model: str) -> bool:
        """Whether the user may know of a registered model."""
        return self.level("registered_model", model) >= READ


class GrantBook:
    """Everybody's grants, each read anew after a while. Usable from several threads.

    It asks with the process's own credentials, which must be an administrator's.

    Args:
        tracking_uri: MLflow's address.
        ttl_s: For how long what it said holds.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self, tracking_uri: str, ttl_s: float = TTL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tracking_uri = tracking_uri
        self._answers: Answers[Grants] = Answers(ttl_s, clock)

    def held(self, user: str) -> Grants | None:
        """A user's grants, if they are in memory."""
        return self._answers.held(user)

    def of(self, user: str) -> Grants | None:
        """A user's grants; None where there is no such user.

        Raises:
            UsersAway: MLflow does not answer, or this process is no administrator of it.
        """
        return self._answers.get(user, lambda: self._read(user))

    def forget(self, user: str = "") -> None:
        """Read a user's grants anew, or everybody's."""
        self._answers.forget((lambda one: one == user) if user else None)

    def _read(self, user: str) -> Grants | None:
        listed = _told(self._tracking_uri, "list", own_credentials(), {"username": user})
        if listed is None:
            return None
        floor = {kind: floor_of(self._tracking_uri, own_credentials(), user, kind) for kind in KINDS}
        return read_grants(user, listed.content, floor)


def floor_of(tracking_uri: str, credentials: Credentials, user: str, kind: str) -> int:
    """The level that a user has on any resource of a kind; their own credentials may ask it, too.

    Raises:
        UsersAway: MLflow does not answer, or refuses to tell.
    """
    told = {"username": user, "resource_type": kind, "resource_id": ANY}
    reply = _told(tracking_uri, "get", credentials, told)
    return LEVELS.get(str(reply.content.get("permission")), 0) if reply else 0


def _told(tracking_uri: str, verb: str, credentials: Credentials, told: Mapping[str, str]) -> Reply | None:
    reply = ask(tracking_uri, f"{_PERMISSIONS}/{verb}", credentials, told=told)
    if reply.status == 404:
        return None
    if reply.status != 200:
        raise UsersAway(f"{tracking_uri} refuses to tell users' permissions ({reply.status})")
    return reply


def read_grants(user: str, listed: Mapping[str, Any], floor: Mapping[str, int]) -> Grants:
    """A user's grants from MLflow's list of them; those of the workspace that this process works in."""
    workspace = os.environ.get("MLFLOW_WORKSPACE") or "default"
    given: dict[tuple[str, str], int] = {}
    denied: set[tuple[str, str]] = set()
    for row in listed.get("permissions", ()):
        if row["workspace"] != workspace:
            continue
        resource = (str(row["resource_type"]), str(row["resource_pattern"]))
        if row["permission"] == "DENY":
            denied.add(resource)
        given[resource] = max(given.get(resource, 0), LEVELS.get(row["permission"], 0))
    return Grants(user, bool(listed.get("is_admin")), dict(floor), given, frozenset(denied))
