"""Projects: made with their MLflow experiment and their folder, listed, found by what people call them."""

import json
from dataclasses import replace

import sqlalchemy as sa

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.people.well_known import holders
from penstock.problems import BadRequest, Conflict, NotAllowed
from penstock.records.project import Project
from penstock.services.told import as_problems
from projects.requirement.project_folder import FOLDERS, plain_name, project_folder

DEFAULT = "default"
"""The project of requests that name none."""
MARK = "penstock.making"
"""By it an experiment is known that was made for a project, and whose project was cut off then."""


def make(desk: Desk, person: Person, name: str, *, description: str = "") -> Project:
    """Make a project of the person's own, with its experiment, folder and rights.

    Raises:
        BadRequest: The name is no plain name.
        Conflict: There is one, or MLflow has an experiment of that name that is not the person's.
    """
    with as_problems():
        owner, name = plain_name(person.name, "user"), plain_name(name, "project")
        if desk.projects.get(f"{owner}/{name}") is not None:
            raise Conflict(f"you have a project '{name}' already; choose another name")
        wanted = Project(owner, name, "", description, desk.now_s())
        with desk.trail.doing(person, Event("project.make", f"project {wanted.path}", wanted.path)):
            return _made(desk, person, wanted)


def listed(desk: Desk, person: Person) -> list[Project]:
    """The projects that the person may see, by their names."""
    with as_problems():
        return [
            project
            for project in desk.projects.listed()
            if desk.rights.level(person, "experiment", project.experiment_id) >= Level.READ
        ]


def visible(desk: Desk, person: Person) -> list[str] | None:
    """The paths of the projects that the person may see; None for all there are."""
    if person.is_admin and person.key is None:
        return None
    return [project.path for project in listed(desk, person)]


def get(desk: Desk, person: Person, path: str, level: Level = Level.READ) -> Project:
    """A project by its path `owner/name`.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may see it, but not more.
    """
    with as_problems():
        return need_project(desk, person, path, level)


def own_default(desk: Desk, person: Person) -> Project:
    """The person's project `default`, made when it is first used.

    Raises:
        NotAllowed: A key that is for another project asks.
    """
    with as_problems():
        path = f"{plain_name(person.name, 'user')}/{DEFAULT}"
        if found := desk.projects.get(path):
            return found
        if person.key is not None:
            raise NotAllowed(
                "a key makes no projects, and its owner has no project 'default' yet; name the project"
            )
        try:
            return make(desk, person, DEFAULT)
        except Conflict:
            # Another request of theirs has made it just now.
            if found := desk.projects.get(path):
                return found
            raise


def resolve(desk: Desk, person: Person, named: str | None, level: Level) -> Project:
    """The project that a request names: `name` for the person's own, `owner/name`, or nothing for `default`.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may see it, but not more.
    """
    if not named:
        project = own_default(desk, person)
        return get(desk, person, project.path, level)
    return get(desk, person, named if "/" in named else f"{person.name}/{named}", level)


def change(
    desk: Desk,
    person: Person,
    path: str,
    *,
    description: str | None = None,
    limits: dict[str, float] | None = None,
    dataset_retention_days: float | None = None,
) -> Project:
    """Change what is given of a project.

    Raises:
        BadRequest: Nothing is to be changed.
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person does not manage it; limits are the administrator's.
    """
    with as_problems():
        project = need_project(desk, person, path, Level.MANAGE)
        if limits is not None and not person.is_admin:
            raise NotAllowed("a project's limits are set by an administrator; ask one")
        given = {
            "description": description,
            "limits": None if limits is None else json.dumps(limits, sort_keys=True),
            "dataset_retention_days": dataset_retention_days,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if not changes:
            raise BadRequest(f"nothing is to be changed; give one of {', '.join(given)}")
        event = Event("project.change", f"project {path}", path, details=changes)
        desk.trail.record(person, event)
        return desk.projects.put(replace(project, **changes))  # type: ignore[arg-type]


def _made(desk: Desk, person: Person, project: Project) -> Project:
    root = project_folder(desk.settings.projects_dir, project.owner, project.name).root
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    taken = Conflict(f"you have a project '{project.name}' already; choose another name")
    try:
        mark = desk.projects.begin(project)
    except sa.exc.IntegrityError as error:  # made at the same moment by another request
        raise taken from error
    try:
        project = replace(project, experiment_id=_experiment(desk, person, project.path, mark))
    except Conflict:
        desk.projects.give_up(mark)
        raise
    desk.rights.grant(person.name, "experiment", project.experiment_id, Level.MANAGE)
    if not desk.projects.finish(project, mark):
        raise taken
    return project


def _is_own(desk: Desk, person: Person, experiment_id: str) -> bool:
    """Whether an experiment is the person's to take: others who made it, or were given it, would see all."""
    is_managed = desk.rights.level(person, "experiment", experiment_id) >= Level.MANAGE
    return is_managed and {each.user for each in holders(desk, experiment_id)} <= {person.name}


def _experiment(desk: Desk, person: Person, path: str, mark: str) -> str:
    """Make the experiment, or take the person's own of that name, or the one that bears our mark."""
    from mlflow.exceptions import MlflowException

    found = desk.client.get_experiment_by_name(path)
    if found is None:
        try:
            return str(desk.client.create_experiment(path, tags={MARK: mark}))
        except MlflowException as error:
            found = desk.client.get_experiment_by_name(path)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or found is None:
                raise
    if found.lifecycle_stage != "active":
        raise Conflict(
            f"MLflow holds a deleted experiment '{path}'; restore it there, or choose another name"
        )
    is_ours = found.tags.get(MARK) == mark
    if not is_ours and not _is_own(desk, person, found.experiment_id):
        raise Conflict(f"MLflow has an experiment '{path}' that is not yours; choose another name")
    return str(found.experiment_id)
