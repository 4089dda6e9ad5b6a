"""Projects: the list, a new one, and one project with its data, jobs, models and members."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.console.fields import Field, Typed
from penstock.console.job_data import data_of
from penstock.console.model_rows import rows_of
from penstock.console.page import PageRoute
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.people.person import Level
from penstock.problems import Problem
from penstock.records.project import Project
from penstock.services import datasets, jobs, models, people, projects

router = APIRouter(route_class=PageRoute)
PAGE = 50
NEW = (
    Field(
        "name", "Name", is_required=True, hint="Small letters, digits, - and _; it becomes a folder's name."
    ),
    Field("description", "What it is for", "area"),
)


@router.get("/projects")
def index(visit: VisitOf, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """All projects that the person may see."""
    found = projects.listed(visit.desk, visit.person)
    rest = found[(page - 1) * PAGE :]
    following = at("projects", page=str(page + 1)) if len(rest) > PAGE else ""
    return visit.page("projects.html", "Projects", projects=rest[:PAGE], next=following, me=visit.person.name)


@router.get("/projects/new")
def new(visit: VisitOf) -> Response:
    """The form for one."""
    return visit.form("New project", NEW, send="Make the project", crumbs=[("Projects", "/projects")])


@router.post("/projects/new")
def make(visit: SentOf, typed: TypedOf) -> Response:
    """Make it."""
    try:
        made = projects.make(
            visit.desk, visit.person, typed.one("name"), description=typed.one("description")
        )
    except Problem as problem:
        crumbs = [("Projects", "/projects")]
        return visit.form(
            "New project", NEW, send="Make the project", crumbs=crumbs, typed=typed, problem=problem
        )
    return visit.go(path_of(made.path), "project")


def path_of(project: str, *more: str) -> str:
    """A project's page."""
    return at("projects", *project.split("/", 1), *more)


def crumbs_of(project: str) -> list[tuple[str, str]]:
    """What stands above a page of a project."""
    return [("Projects", "/projects"), (project, path_of(project))]


def choices(visit: Visit, level: Level = Level.EDIT) -> list[Project]:
    """The projects that the person may work in; their own `default`, where there are none."""
    rights, person = visit.desk.rights, visit.person
    found = [
        project
        for project in projects.listed(visit.desk, person)
        if rights.level(person, "experiment", project.experiment_id) >= level
    ]
    return found or [projects.own_default(visit.desk, person)]


SHARE = (
    Field("user", "User", is_required=True),
    Field(
        "level",
        "May",
        "choice",
        (
            ("READ", "look"),
            ("USE", "look, and ask its models"),
            ("EDIT", "work in it"),
            ("MANAGE", "all, also share it"),
        ),
        "READ",
    ),
)
SHOWN = 5


@router.get("/projects/{owner}/{name}")
def one(visit: VisitOf, owner: str, name: str) -> Response:
    """A project with its data, jobs, models and members."""
    return _show(visit, f"{owner}/{name}")


@router.post("/projects/{owner}/{name}/members")
def share(visit: SentOf, owner: str, name: str, typed: TypedOf) -> Response:
    """Share it."""
    path = f"{owner}/{name}"
    try:
        level = Level[typed.one("level")] if typed.one("level") in Level.__members__ else Level.READ
        people.share(visit.desk, visit.person, path, typed.one("user"), level)
    except Problem as problem:
        return _show(visit, path, typed, problem)
    return visit.go(path_of(path), "shared")


@router.post("/projects/{owner}/{name}/members/remove")
def unshare(visit: SentOf, owner: str, name: str, typed: TypedOf) -> Response:
    """Take it away from somebody."""
    path = f"{owner}/{name}"
    try:
        people.unshare(visit.desk, visit.person, path, typed.one("user"))
    except Problem as problem:
        return _show(visit, path, typed, problem)
    return visit.go(path_of(path), "unshared")


def _show(visit: Visit, path: str, typed: Typed | None = None, problem: Problem | None = None) -> Response:
    desk, person = visit.desk, visit.person
    project = projects.get(desk, person, path)
    level = desk.rights.level(person, "experiment", project.experiment_id)
    deployed = [each for each in models.deployed(desk, person) if each.project == path]
    newest = jobs.listed(desk, person, project=path, most=SHOWN)
    return visit.page(
        "project.html",
        path,
        crumbs=[("Projects", "/projects")],
        status=problem.status if problem else 200,
        project=project,
        here=path_of(path),
        datasets=datasets.listed(desk, person, project=path, most=SHOWN),
        jobs=newest,
        data=data_of(desk, newest),
        models=rows_of(deployed),
        members=people.members(desk, person, path),
        may_share=level >= Level.MANAGE and desk.settings.auth != "off",
        share_fields=SHARE,
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
    )
