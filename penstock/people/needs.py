"""What a service asks before it does anything: that the person may."""

from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.problems import NotAllowed, NotFound
from penstock.records.project import Project

_WORDS = {Level.READ: "see", Level.USE: "use", Level.EDIT: "change", Level.MANAGE: "manage"}


def need_project(desk: Desk, person: Person, path: str, level: Level) -> Project:
    """The project of a path, if the person has the level on it.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may see it, but not more.
    """
    project = desk.projects.get(path)
    had = desk.rights.level(person, "experiment", project.experiment_id) if project else Level.NONE
    if project is None or had < Level.READ:
        raise NotFound(f"there is no project '{path}'; `GET /api/ml/projects` lists yours")
    _check(had, level, f"project '{path}'", project.owner)
    return project


def need_model(desk: Desk, person: Person, name: str, level: Level) -> None:
    """See that the person has the level on a registered model, which exists.

    Raises:
        NotFound: The person may not know of it.
        NotAllowed: The person may see it, but not more.
    """
    had = desk.rights.level(person, "registered_model", name)
    if had < Level.READ:
        raise NotFound(f"there is no model '{name}'; `GET /api/ml/models/deployed` lists yours")
    _check(had, level, f"model '{name}'", "its owner")


def need_name(person: Person, name: str) -> None:
    """See that the person may make a registered model of a name: a key may be for others only.

    Raises:
        NotAllowed: It is.
    """
    key = person.key
    if key is not None and not key.is_for(name):
        raise NotAllowed(
            f"key {key.key_id} is for models like {', '.join(key.models[:5])}, and '{name}' is none of them;"
            " use another name or another key",
            code="key_scope",
        )


def _check(had: Level, level: Level, what: str, owner: str) -> None:
    if had < level:
        raise NotAllowed(
            f"to {_WORDS[level]} {what} takes {level.name}, and you have {had.name}; ask {owner} to share it"
        )
