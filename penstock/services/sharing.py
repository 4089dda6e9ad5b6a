"""Who may see a project: grants in MLflow on its experiment and on each of its registered models."""

from dataclasses import dataclass

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import OPEN
from penstock.people.mlflow_rights import PROJECT_TAG
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.people.user_names import JOB_PREFIX
from penstock.people.well_known import holders
from penstock.problems import Conflict, NotFound
from penstock.records.cursor import Cursor
from penstock.records.project import Project
from penstock.services.told import as_problems

PAGE = 1000
MODELS = "registered_model"


@dataclass(frozen=True, slots=True)
class Member:
    """A user who may see a project.

    Attributes:
        user: Who.
        level: How much.
        is_owner: Whether the project is theirs.
    """

    user: str
    level: Level
    is_owner: bool = False


def members(desk: Desk, person: Person, project: str) -> list[Member]:
    """Who may see a project, and how much of it; administrators may see every one and are not listed.

    Raises:
        NotFound: There is no such project, or the person may not know of it.
        Away: MLflow does not answer.
    """
    with as_problems():
        found = need_project(desk, person, project, Level.READ)
        if desk.settings.auth == "off":
            return [Member(found.owner, Level.MANAGE, is_owner=True)]
        return _members(desk, found)


def share(desk: Desk, person: Person, project: str, user: str, level: Level) -> Member:
    """Give a user a level on a project and on all its models, in place of an earlier one.

    Raises:
        NotFound: There is no such project or user.
        NotAllowed: The person does not manage the project.
        Conflict: The user owns the project.
    """
    with as_problems():
        found = need_project(desk, person, project, Level.MANAGE)
        _check_other(desk, found, user)
        event = Event("project.share", f"user {user}", found.path, details={"level": level.name})
        with desk.trail.doing(person, event):
            # A name that nobody has is refused here, before anything is granted.
            desk.rights.grant(user, "experiment", found.experiment_id, level)
            for model in models_of(desk, found):
                desk.rights.grant(user, "registered_model", model, level)
    return Member(user, level)


def unshare(desk: Desk, person: Person, project: str, user: str) -> None:
    """Take a project and its models away from a user; their jobs there that are not over are cancelled.

    Raises as `share`.
    """
    share(desk, person, project, user, Level.NONE)
    with as_problems():
        found = need_project(desk, person, project, Level.MANAGE)
        for model in _left(desk, found, user):
            desk.rights.grant(user, "registered_model", model, Level.NONE)
        cancel_jobs(desk, person, user, found.path)


def cancel_jobs(desk: Desk, person: Person, user: str, project: str = "") -> int:
    """Cancel a user's jobs that are not over, in one project or in all; gives how many."""
    projects = [project] if project else None
    before: Cursor | None = None
    cancelled = 0
    while True:
        jobs = desk.jobs.listed(
            projects=projects, owner=user, states=OPEN, before=before, most=PAGE, is_brief=True
        )
        for job in jobs:
            event = Event("job.cancel", f"job {job.job_id}", job.wanted.project, details={"state": job.state})
            desk.trail.record(person, event)
            desk.jobs.ask_to_cancel(job.job_id, person.actor)
        cancelled += len(jobs)
        if len(jobs) < PAGE:
            return cancelled
        before = Cursor(jobs[-1].created_s, jobs[-1].job_id)


def model_made(desk: Desk, project: Project, model_name: str) -> None:
    """Give those who share a project the same levels on its new registered model.

    Raises:
        Away: MLflow does not answer.
    """
    if desk.settings.auth == "off":
        return
    with as_problems():
        for member in _members(desk, project):
            desk.rights.grant(member.user, "registered_model", model_name, member.level)


def models_of(desk: Desk, project: Project) -> list[str]:
    """The names of a project's registered models."""
    found: list[str] = []
    token: str | None = None
    which = f"tags.`{PROJECT_TAG}` = '{project.path}'"
    while True:
        page = desk.client.search_registered_models(which, max_results=PAGE, page_token=token)
        found.extend(model.name for model in page)
        token = page.token
        if not token:
            return found


def _left(desk: Desk, project: Project, user: str) -> list[str]:
    """The models of a project that a user still has a grant on: the tag may name another project by now.

    What the registry cannot be made to say otherwise counts: that the owner was given the model, too, and the
    runs that its versions come from.
    """
    owners, theirs = (
        {row["resource_pattern"] for row in desk.accounts.granted(name) if row["resource_type"] == MODELS}
        for name in (project.owner, user)
    )
    desk.versions.forget()
    runs = sorted({(held.name, held.run_id) for held in desk.versions.listed() if held.run_id})
    mine = (name for name, run_id in runs if name in owners & theirs and _is_from(desk, project, run_id))
    return list(dict.fromkeys(mine))


def _is_from(desk: Desk, project: Project, run_id: str) -> bool:
    """Whether a run is a project's; one that is gone is nobody's."""
    from mlflow.exceptions import MlflowException

    try:
        return str(desk.client.get_run(run_id).info.experiment_id) == project.experiment_id
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise


def _members(desk: Desk, project: Project) -> list[Member]:
    found = holders(desk, project.experiment_id, owner=project.owner)
    return [Member(each.user, each.level, is_owner=each.user == project.owner) for each in found]


def _check_other(desk: Desk, project: Project, user: str) -> None:
    if desk.settings.auth == "off":
        raise Conflict(
            "auth is 'off', so there is nobody to share with; set auth to 'mlflow' (PENSTOCK_AUTH=mlflow)"
        )
    if user == project.owner:
        raise Conflict(f"project '{project.path}' is {user}'s own; share it with somebody else")
    if not user or user.startswith(JOB_PREFIX):
        raise NotFound(f"there is no user '{user}'; an administrator makes users", code="no_user")
