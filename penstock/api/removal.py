"""Removing for good: data sets, projects, a data subject's records; and what depends on them."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.retention.erasures import Erasure
from penstock.services import people_records, removal
from penstock.services.people_records import PersonFound, Sought

router = APIRouter(prefix="/api/ml", tags=["removal"])
Id = Annotated[str, Path(max_length=80)]
Force = Annotated[bool, Query(description="Remove although something depends on it; takes MANAGE.")]


class Seeking(Body):
    """A data subject: give one of `user_id`, `user_key` and `prediction_id`."""

    model_config = example(user_id="customer-17", model="churn")
    user_id: Annotated[str, Field(max_length=1000, examples=["customer-17"])] = ""
    user_key: Annotated[str, Field(max_length=64, pattern="^[0-9a-f]*$")] = ""
    prediction_id: Annotated[str, Field(max_length=80)] = ""
    model: Annotated[str, Field(max_length=400)] = ""


@router.delete("/datasets/{dataset_id}", summary="Remove a data set", tags=["datasets"])
def remove_dataset(desk: DeskOf, person: PersonOf, dataset_id: Id, force: Force = False) -> dict[str, Any]:
    """Its file and rows go, its record stays for lineage; refused while something depends on it."""
    removed = removal.remove_dataset(desk, person, dataset_id, force=force)
    message = f"data set {dataset_id} is removed"
    return {"status": "success", "message": message, **asdict(removed)}


@router.get("/datasets/{dataset_id}/dependents", summary="What depends on a data set", tags=["datasets"])
def dependents(desk: DeskOf, person: PersonOf, dataset_id: Id) -> dict[str, Any]:
    """Data sets made of it, jobs that read it, versions in use that learned from it."""
    return {"status": "success", **removal.dataset_dependents(desk, person, dataset_id)}


@router.delete("/projects/{owner}/{name}", summary="Remove a project", tags=["projects"])
def remove_project(
    desk: DeskOf, person: PersonOf, owner: Id, name: Id, force: Force = False
) -> dict[str, Any]:
    """Its data sets go and its experiment is deleted in MLflow; registered models stay, archived."""
    depended = removal.remove_project(desk, person, f"{owner}/{name}", force=force)
    return {"status": "success", "message": f"project {owner}/{name} is removed", "depended": depended}


@router.post("/people-records/find", summary="Find a data subject's records")
def find_person(desk: DeskOf, person: PersonOf, sought: Seeking) -> dict[str, Any]:
    """In the prediction logs of the models that you manage."""
    return {"status": "success", **_plain(people_records.find(desk, person, _sought(sought)))}


@router.post("/people-records/remove", summary="Remove a data subject's records")
def remove_person(desk: DeskOf, person: PersonOf, sought: Seeking) -> dict[str, Any]:
    """From the prediction logs; what is being written goes as soon as it is sealed, by itself."""
    found, done = people_records.remove(desk, person, _sought(sought))
    return {"status": "success", **_plain(found), "removal": _told(done)}


@router.get("/people-records/removals", summary="Removals that are not over")
def removals(desk: DeskOf, person: PersonOf) -> list[dict[str, Any]]:
    """Each waits until segments that were open are sealed, and damaged files are restored or moved away."""
    return [_told(each) for each in people_records.removals(desk, person)]


def _sought(sought: Seeking) -> Sought:
    return Sought(**sought.model_dump())


def _plain(found: PersonFound) -> dict[str, Any]:
    return {"predictions": found.predictions, **asdict(found)}


def _told(done: Erasure) -> dict[str, Any]:
    return {
        "removal_id": done.erasure_id,
        "is_done": bool(done.done_s),
        "predictions": done.predictions,
        "outcomes": done.outcomes,
        "open_segments": done.open_segments,
        "damaged_files": len(done.damaged_files),
        "asked_by": done.asked_by,
        "created_s": done.created_s,
        "done_s": done.done_s,
    }
