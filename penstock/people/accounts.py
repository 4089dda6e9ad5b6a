"""MLflow's user accounts over REST: asked of with a person's own password, changed as the administrator."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock.problems import Away, BadRequest, Conflict, NotFound, Problem
from serving.callers.asking import Credentials, Reply, UsersAway, ask, own_credentials

_USERS = "/api/2.0/mlflow/users"
_PERMISSIONS = "/api/3.0/mlflow/users/permissions"
LATER_S = 2.0


@dataclass(frozen=True, slots=True)
class Account:
    """A user as MLflow holds them.

    Attributes:
        user_id: MLflow's number; a user made anew under an old name has another.
        name: The user's name.
        is_admin: Whether they may do everything.
    """

    user_id: str
    name: str
    is_admin: bool


class Accounts:
    """The accounts of one MLflow server. Usable from several threads.

    Every method but `check` and `get` raises Away where MLflow does not answer.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri

    def check(self, credentials: Credentials) -> Account | None:
        """The account of a name and its password; None if MLflow refuses them.

        Raises:
            UsersAway: MLflow does not answer.
        """
        reply = ask(self._tracking_uri, f"{_USERS}/current", credentials)
        if reply.status in (401, 403, 404):
            return None
        return _said(reply)

    def get(self, name: str) -> Account | None:
        """A user; None where there is none of that name.

        Raises:
            UsersAway: MLflow does not answer.
        """
        reply = ask(self._tracking_uri, f"{_USERS}/get", own_credentials(), told={"username": name})
        return None if reply.status == 404 else _said(reply)

    def listed(self) -> list[Account]:
        """All users, by their names."""
        found = self._do("GET", f"{_USERS}/list", {}).content.get("users", ())
        return sorted((_account(user) for user in found), key=lambda account: account.name)

    def make(self, name: str, password: str) -> Account:
        """Make a user.

        Raises:
            Conflict: There is one of that name.
            BadRequest: MLflow does not take the name or the password.
        """
        told = {"username": name, "password": password}
        return _account(self._do("POST", f"{_USERS}/create", told).content["user"])

    def set_admin(self, name: str, *, is_admin: bool) -> None:
        """Make a user an administrator, or one no more."""
        self._do("PATCH", f"{_USERS}/update-admin", {"username": name, "is_admin": is_admin})

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password."""
        own = own_credentials()
        told = {"username": name, "password": password}
        if name == own.name:
            told["current_password"] = own.password
        self._do("PATCH", f"{_USERS}/update-password", told)

    def remove(self, name: str) -> None:
        """Remove a user, with all that was granted to them."""
        self._do("DELETE", f"{_USERS}/delete", {"username": name})

    def granted(self, name: str) -> list[Mapping[str, Any]]:
        """A user's own grants, less those of roles that they share with others."""
        rows = self._do("GET", f"{_PERMISSIONS}/list", {"username": name}).content.get("permissions", ())
        return [row for row in rows if str(row["role_name"]).startswith("__user_")]

    def grant(self, name: str, kind: str, resource: str, permission: str) -> None:
        """Give a user a permission on a resource, in place of an earlier one."""
        for row in self.granted(name):
            if (row["resource_type"], row["resource_pattern"]) == (kind, resource):
                if row["permission"] == permission:
                    return
                self.revoke(name, kind, resource)
        told = _resource(name, kind, resource) | {"permission": permission}
        self._do("POST", f"{_PERMISSIONS}/grant", told)

    def revoke(self, name: str, kind: str, resource: str) -> None:
        """Take a user's permission on a resource away; one that is not there stays so."""
        try:
            self._do("POST", f"{_PERMISSIONS}/revoke", _resource(name, kind, resource))
        except NotFound:
            return

    def _do(self, method: str, path: str, told: Mapping[str, Any]) -> Reply:
        try:
            reply = ask(self._tracking_uri, path, own_credentials(), method=method, told=told)
        except UsersAway as error:
            raise users_away() from error
        if reply.status == 200:
            return reply
        raise _problem(reply, str(told.get("username", "")))


def new_password() -> str:
    """A password that nobody need remember: 192 random bits."""
    return secrets.token_urlsafe(24)


def users_away() -> Away:
    """MLflow cannot be asked."""
    return Away(
        "MLflow does not answer who may do what; try again in a moment", code="mlflow_away", retry_s=LATER_S
    )


def _account(user: Mapping[str, Any]) -> Account:
    return Account(str(user["id"]), str(user["username"]), bool(user["is_admin"]))


def _resource(name: str, kind: str, resource: str) -> dict[str, Any]:
    return {"username": name, "resource_type": kind, "resource_id": resource}


def _problem(reply: Reply, name: str) -> Problem:
    code = str(reply.content.get("error_code"))
    if reply.status == 404 or code == "RESOURCE_DOES_NOT_EXIST":
        return NotFound(f"there is no user '{name}'; an administrator makes users", code="no_user")
    if code == "RESOURCE_ALREADY_EXISTS":
        return Conflict(f"there is a user '{name}' already; choose another name")
    if code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"):
        return BadRequest(f"MLflow refuses it: {reply.message.rstrip('.')}; send it otherwise")
    if reply.status in (401, 403):
        return Away(
            "MLflow does not take Penstock as its administrator; see mlflow_admin_file",
            code="not_administrator",
        )
    return users_away()


def _said(reply: Reply) -> Account:
    if reply.status != 200:
        raise UsersAway(f"MLflow answered {reply.status}")
    return _account(reply.content["user"])
