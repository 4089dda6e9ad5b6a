"""`/api/ml/projects`: made, listed, looked at, changed."""

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.dataset_shapes import as_time
from penstock.api.described import responses
from penstock.api.paging import PageOf
from penstock.desk import Desk
from penstock.records.project import Project
from penstock.services import project_figures, projects
from projects.requirement.project_folder import project_folder

router = APIRouter(prefix="/api/ml/projects", tags=["projects"])
Owner = Annotated[str, Path(max_length=64)]
Name = Annotated[str, Path(max_length=64)]


class New(Body):
    """A project to be made."""

    model_config = example(name="churn", description="Who leaves next month")
    name: Annotated[str, Field(min_length=1, max_length=64)]
    description: Annotated[str, Field(max_length=5000)] = ""


class Limits(Body):
    """What one job of a project may take, and how many run at once; 0: as the settings say."""

    cores: Annotated[int, Field(ge=0, le=100_000)] = 0
    gpus: Annotated[int, Field(ge=0, le=10_000)] = 0
    memory_bytes: Annotated[int, Field(ge=0, le=2**60)] = 0
    disk_bytes: Annotated[int, Field(ge=0, le=2**60)] = 0
    time_s: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    jobs_at_once: Annotated[int, Field(ge=0, le=100_000)] = 0


class Change(Body):
    """What is to be changed of a project."""

    model_config = example(description="Who leaves", dataset_retention_days=365)
    description: Annotated[str, Field(max_length=5000)] | None = None
    limits: Limits | None = Field(None, description="Set by administrators.")
    dataset_retention_days: Annotated[float, Field(ge=0, le=36_500)] | None = Field(
        None, description="0: as the settings say."
    )


class ProjectShown(BaseModel):
    """A project."""

    model_config = example(
        project="anna/churn", owner="anna", name="churn", description="Who leaves", experiment_id="3",
        created_at="2026-05-04T10:00:00+00:00", dataset_retention_days=0.0, limits={},
    )  # fmt: skip
    project: str
    owner: str
    name: str
    description: str
    experiment_id: str
    created_at: str
    dataset_retention_days: float
    limits: dict[str, float]


class ProjectWhole(ProjectShown):
    """A project with what is in it."""

    folder: str
    datasets: int
    jobs: dict[str, int] = Field(description="By state.")


@router.get("", summary="List projects", response_model=list[ProjectShown], responses=responses())
def listed(desk: DeskOf, person: PersonOf, page: PageOf) -> list[dict[str, Any]]:
    """All projects that you may see, by owner and name."""
    after = page.after(str, str)
    found = [each for each in projects.listed(desk, person) if not after or (each.owner, each.name) > after]
    return [_shown(each) for each in page.shown(found, lambda each: (each.owner, each.name))]


@router.post("", summary="Make a project", status_code=201, response_model=ProjectShown,
             responses=responses(409))  # fmt: skip
def make(desk: DeskOf, person: PersonOf, asked: New) -> JSONResponse:
    """A project of your own, with its MLflow experiment and its folder."""
    made = projects.make(desk, person, asked.name, description=asked.description)
    return JSONResponse(_shown(made), 201, headers={"Location": f"/api/ml/projects/{quote(made.path)}"})


@router.get("/{owner}/{name}", summary="A project", response_model=ProjectWhole, responses=responses(404))
def get(desk: DeskOf, person: PersonOf, owner: Owner, name: Name) -> JSONResponse:
    """A project with its folder and how much is in it."""
    return JSONResponse(_whole(desk, projects.get(desk, person, f"{owner}/{name}")))


@router.patch("/{owner}/{name}", summary="Change a project", response_model=ProjectWhole,
              responses=responses(404, 412))  # fmt: skip
def change(desk: DeskOf, person: PersonOf, owner: Owner, name: Name, asked: Change) -> JSONResponse:
    """Its description and how long its data sets are kept; its limits are an administrator's to set."""
    limits = asked.limits.model_dump(exclude_defaults=True) if asked.limits else None
    changed = projects.change(
        desk, person, f"{owner}/{name}", description=asked.description, limits=limits,
        dataset_retention_days=asked.dataset_retention_days,
    )  # fmt: skip
    return JSONResponse(_whole(desk, changed))


def _shown(project: Project) -> dict[str, Any]:
    return {
        "project": project.path,
        "owner": project.owner,
        "name": project.name,
        "description": project.description,
        "experiment_id": project.experiment_id,
        "created_at": as_time(project.created_s),
        "dataset_retention_days": project.dataset_retention_days,
        "limits": json.loads(project.limits),
    }


def _whole(desk: Desk, project: Project) -> dict[str, Any]:
    folder = project_folder(desk.settings.projects_dir, project.owner, project.name).root
    figures = project_figures.count(desk, project)
    return _shown(project) | {"folder": str(folder), "datasets": figures.datasets, "jobs": figures.jobs}
