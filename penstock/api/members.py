"""`/api/ml/projects/OWNER/NAME/members`: who may see a project."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.done import Done
from penstock.people.person import Level
from penstock.services import sharing

router = APIRouter(tags=["people"])
Owner = Annotated[str, Path(max_length=64, description="Whose project it is.", examples=["ada"])]
Project = Annotated[str, Path(max_length=64, description="The project's name.", examples=["shop"])]
Name = Annotated[str, Path(max_length=255, description="A user's name.", examples=["ben"])]
LevelName = Literal["READ", "USE", "EDIT", "MANAGE"]


class MemberShown(Body):
    """Somebody who may see a project."""

    user: str = Field(examples=["ben"])
    level: LevelName
    is_owner: bool = False


class Shared(Body):
    """How much somebody may do with a project and its models."""

    model_config = example(level="EDIT")
    level: LevelName = Field(
        description="`READ` sees, `USE` predicts, `EDIT` trains and moves, `MANAGE` all."
    )


@router.get("/api/ml/projects/{owner}/{project}/members", summary="List who may see a project")
def members(owner: Owner, project: Project, desk: DeskOf, person: PersonOf) -> list[MemberShown]:
    """Who may see a project, and how much of it."""
    return [_member(member) for member in sharing.members(desk, person, f"{owner}/{project}")]


@router.put("/api/ml/projects/{owner}/{project}/members/{name}", summary="Share a project")
def share(  # noqa: PLR0917 - a path's parts, and what the framework brings
    owner: Owner, project: Project, name: Name, asked: Shared, desk: DeskOf, person: PersonOf
) -> MemberShown:
    """Give a user a level on a project and on all its models, in place of an earlier one."""
    return _member(sharing.share(desk, person, f"{owner}/{project}", name, Level[asked.level]))


@router.delete("/api/ml/projects/{owner}/{project}/members/{name}", summary="Share a project no more")
def unshare(owner: Owner, project: Project, name: Name, desk: DeskOf, person: PersonOf) -> Done:
    """Take a project and its models away from a user."""
    sharing.unshare(desk, person, f"{owner}/{project}", name)
    return Done()


def _member(member: sharing.Member) -> MemberShown:
    return MemberShown(user=member.user, level=member.level.name, is_owner=member.is_owner)  # type: ignore[arg-type]
