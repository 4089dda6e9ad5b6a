"""Users, and their passwords: administrators make and remove them, in MLflow itself.

Sharing projects and service keys have modules of their own; doors may take all of it from here.
"""

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.accounts import Account
from penstock.people.person import Person
from penstock.people.user_names import JOB_PREFIX, check_user_name
from penstock.problems import BadRequest, Conflict, NotAllowed
from penstock.services.service_keys import keys, make_key, revoke_key, rotate_key
from penstock.services.sharing import Member, cancel_jobs, members, model_made, share, unshare
from penstock.services.told import as_problems
from serving.callers.asking import own_credentials

__all__ = [
    "Member",
    "keys",
    "make_key",
    "make_user",
    "me",
    "members",
    "model_made",
    "remove_user",
    "revoke_key",
    "rotate_key",
    "set_password",
    "share",
    "unshare",
    "users",
]
SHORTEST_PASSWORD = 12
"""MLflow's own bound."""

LONGEST_PASSWORD = 1000


def me(_: Desk, person: Person) -> Account:
    """The person themselves."""
    return Account("", person.name, person.is_admin)


def users(desk: Desk, person: Person) -> list[Account]:
    """All users but the accounts of running jobs, by their names.

    Raises:
        NotAllowed: Only administrators see them.
    """
    _need_admin(desk, person)
    return [account for account in desk.accounts.listed() if not account.name.startswith(JOB_PREFIX)]


def make_user(desk: Desk, person: Person, name: str, password: str, *, is_admin: bool = False) -> Account:
    """Make a user.

    Raises:
        NotAllowed: Only administrators do.
        BadRequest: The name is not plain, or the password too short.
        Conflict: There is one of that name.
    """
    _need_admin(desk, person)
    check_user_name(name)
    _check_password(password)
    event = Event("user.make", f"user {name}", details={"is_admin": is_admin})
    with as_problems(), desk.trail.doing(person, event):
        account = desk.accounts.make(name, password)
        # What somebody of that name had, who was removed in MLflow itself, is not the new user's.
        desk.sessions.end_all(name)
        _revoke_all(desk, name)
        if is_admin:
            desk.accounts.set_admin(name, is_admin=True)
        desk.grants.forget(name)
        return Account(account.user_id, name, is_admin)


def remove_user(desk: Desk, person: Person, name: str) -> None:
    """Remove a user, and end their sessions and keys; their projects stay, with an administrator's rights.

    Raises:
        NotAllowed: Only administrators do.
        NotFound: There is none.
        Conflict: It is the person themselves, or the administrator that Penstock acts as.
    """
    _need_admin(desk, person)
    if name in (person.name, own_credentials().name):
        raise Conflict(f"'{name}' is who is acting here; let another administrator remove that user")
    with as_problems(), desk.trail.doing(person, Event("user.remove", f"user {name}")) as told:
        desk.accounts.remove(name)
        told["jobs_cancelled"] = cancel_jobs(desk, person, name)
        told["sessions_ended"] = desk.sessions.end_all(name)
        told["keys_revoked"] = _revoke_all(desk, name)
        desk.grants.forget(name)


def set_password(desk: Desk, person: Person, name: str, password: str) -> None:
    """Give a user another password, and end their sessions.

    Raises:
        NotAllowed: Only administrators do.
        NotFound: There is no such user.
        BadRequest: The password is too short.
    """
    _need_admin(desk, person)
    _check_password(password)
    if name == own_credentials().name:
        raise Conflict(
            f"'{name}' is the administrator that Penstock acts as; change that password in MLflow and in the "
            "file that mlflow_admin_file names, then start Penstock anew"
        )
    event = Event("user.change", f"user {name}", details={"changed": "password"})
    with as_problems(), desk.trail.doing(person, event) as told:
        desk.accounts.set_password(name, password)
        told["sessions_ended"] = desk.sessions.end_all(name)


def _revoke_all(desk: Desk, owner: str) -> int:
    held = [key for key in desk.keys.listed() if key.owner == owner and key.revoked_at is None]
    for key in held:
        desk.keys.revoke(key.key_id)
    return len(held)


def _need_admin(desk: Desk, person: Person) -> None:
    if desk.settings.auth == "off":
        raise Conflict("auth is 'off', so there are no users; set auth to 'mlflow' (PENSTOCK_AUTH=mlflow)")
    if person.key is not None:
        raise NotAllowed("a key neither sees nor changes users; sign in as a person", code="key_scope")
    if not person.is_admin:
        raise NotAllowed("users are administrators' business; ask one")


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadRequest(
            f"a password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; choose another"
        )
