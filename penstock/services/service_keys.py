"""Service keys for machines: made by a person, they speak for that person, and never for more."""

from dataclasses import replace

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.accounts import users_away
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, NotAllowed, NotFound
from penstock.services.told import as_problems
from serving.callers.asking import UsersAway
from serving.keys.errors import InvalidKeyError
from serving.keys.key import Key, Wanted
from serving.keys.store import Made

DAY_S = 86_400.0


def keys(desk: Desk, person: Person) -> list[Key]:
    """The person's own keys, the oldest first; an administrator's: all, if no key speaks for them.

    Raises:
        Away: The database refuses.
    """
    is_all = person.is_admin and person.key is None
    with as_problems():
        return [key for key in desk.keys.listed() if is_all or key.owner == person.name]


def make_key(desk: Desk, person: Person, wanted: Wanted) -> Made:
    """Make a key that speaks for the person; its text is shown only this once.

    Args:
        desk: The desk.
        person: Who makes it.
        wanted: What it is for. Its owner is the person, unless an administrator names another; its project
            is `owner/name`, or the owner's own `name`.

    Raises:
        NotAllowed: The person is a key, or makes one for somebody else.
        NotFound: There is no such project for the person.
        BadRequest: No key can be like this.
    """
    _need_person(person)
    owner = wanted.owner or person.name
    if owner != person.name and not person.is_admin:
        raise NotAllowed(
            f"a key speaks for whoever makes it, and '{owner}' is somebody else; leave the owner out"
        )
    with as_problems():
        project = _project(desk, person, owner, wanted.project)
        if desk.settings.auth == "mlflow" and owner != person.name and desk.grants.of(owner) is None:
            raise NotFound(f"there is no user '{owner}'; an administrator makes users", code="no_user")
        told = {"actions": wanted.actions, "models": wanted.models, "owner": owner}
        event = Event("key.make", f"key {wanted.name}", project, details=told)
        with desk.trail.doing(person, event) as more:
            made = desk.keys.make(replace(wanted, owner=owner, project=project))
            _note_owner(desk, made)
            desk.shown_keys.look()
            more["key_id"] = made.key.key_id
    return made


def revoke_key(desk: Desk, person: Person, key_id: str) -> Key:
    """End a key; gateways and the API refuse it within two seconds.

    Raises:
        NotFound: The person has no such key.
    """
    with as_problems():
        key = _own(desk, person, key_id)
        with desk.trail.doing(person, Event("key.revoke", f"key {key.key_id}", key.project)):
            revoked = desk.keys.revoke(key_id)
            desk.shown_keys.look()
            return revoked


def rotate_key(desk: Desk, person: Person, key_id: str, *, keep_s: float = DAY_S) -> Made:
    """Make a key like another one, which ends after a while.

    Raises:
        NotAllowed: The person is a key.
        NotFound: The person has no such key.
        BadRequest: It has ended already.
    """
    _need_person(person)
    if not 0 <= keep_s <= 30 * DAY_S:
        raise BadRequest(f"an old key is kept for 0 to {30 * DAY_S:g} seconds, not {keep_s:g}")
    with as_problems():
        key = _own(desk, person, key_id)
        event = Event("key.make", f"key {key.name}", key.project, details={"in_place_of": key_id})
        with desk.trail.doing(person, event) as more:
            made = _rotated(desk, key_id, keep_s)
            _note_owner(desk, made)
            desk.shown_keys.look()
            more["key_id"] = made.key.key_id
    return made


def _rotated(desk: Desk, key_id: str, keep_s: float) -> Made:
    try:
        return desk.keys.rotate(key_id, keep_s=keep_s)
    except InvalidKeyError as error:
        raise BadRequest(str(error)) from error


def _note_owner(desk: Desk, made: Made) -> None:
    """Remember the account that a key was made for; without MLflow's word no key is given away."""
    if desk.settings.auth == "off":
        return
    try:
        account = desk.accounts.get(made.key.owner)
    except UsersAway as error:
        desk.keys.revoke(made.key.key_id)
        raise users_away() from error
    if account is not None:  # else somebody at the machine
        desk.key_owners.note(made.key.key_id, account.user_id)


def _own(desk: Desk, person: Person, key_id: str) -> Key:
    for key in keys(desk, person):
        if key.key_id == key_id:
            return key
    raise NotFound(f"you have no key '{key_id}'; `GET /api/ml/keys` lists yours")


def _need_person(person: Person) -> None:
    if person.key is not None:
        raise NotAllowed("a key makes no keys, or it could outlive itself; sign in as a person")


def _project(desk: Desk, person: Person, owner: str, named: str) -> str:
    if not named:
        return ""
    path = named if "/" in named else f"{owner}/{named}"
    return need_project(desk, person, path, Level.READ).path
