"""`/api/ml/models`: training jobs deployed as versions, which are moved, compared, looked at and deleted."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.paging import PageOf
from penstock.api.waited import waited
from penstock.services import benchmarking, model_moves, models
from penstock.services.deploying import Deploying
from penstock.services.model_moves import Moved

router = APIRouter(prefix="/api/ml/models", tags=["models"])
ModelId = Annotated[str, Path(max_length=64, description="A version's id.")]
ModelName = Annotated[str, Path(max_length=200, description="A registered model's name.")]
Force = Annotated[bool, Query(description="Although it is in use.")]
Reason = Annotated[str, Field(max_length=2000)]
STAGES = {"production": "Production", "staging": "Staging", "staged": "Staging"}


class DeployRequest(Body):
    """A completed training is to become a version."""

    model_config = example(
        training_job_id="0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e", model_name="churn", version="1.0.0",
        description="Who leaves next month", tags=["telco"], promote_to_production=True,
    )  # fmt: skip
    training_job_id: Annotated[str, Field(min_length=1, max_length=64)]
    model_name: Annotated[str, Field(max_length=500)]
    version: Annotated[str, Field(max_length=200)] = "1.0.0"
    description: Annotated[str, Field(max_length=5000)] = ""
    tags: list[Annotated[str, Field(max_length=500)]] = Field(default_factory=list)
    promote_to_production: bool = False


class MoveRequest(Body):
    """Why a version is moved."""

    model_config = example(reason="it missed the offers of July")
    reason: Reason = ""


class PromoteRequest(MoveRequest):
    """Where a version goes, and why."""

    model_config = example(stage="production", reason="better on the rows of July")
    stage: Literal["production", "staging", "staged"] = "production"
    force: bool = Field(default=False, description="Although its gate failed.")


class BenchmarkRequest(Body):
    """Deployed models are to be held against each other on one data set."""

    model_config = example(
        model_ids=["6f1c0d52-8a0b-5c7e-9a44-2b1d0e7f3c11", "0a8b6c1e-6a0f-5d6d-8d52-1f0c6d1c5a55"],
        dataset_id="0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e", target_column="Churn",
    )  # fmt: skip
    model_ids: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1)]
    dataset_id: Annotated[str, Field(min_length=1, max_length=64)]
    target_column: Annotated[str, Field(max_length=500)] = ""


class MovedAnswer(BaseModel):
    """What became of a version."""

    status: Literal["success"] = "success"
    model_id: str
    message: str
    name: str
    version: str
    model_status: str


class Model(BaseModel):
    """A version of a registered model."""

    model_config = {"protected_namespaces": ()}

    model_id: str
    name: str
    version: str
    number: str
    algorithm: str
    status: str
    created_at: str
    metrics: Mapping[str, float]
    task_type: str
    target_column: str
    project: str
    description: str
    tags: list[str]
    training_job_id: str
    dataset_id: str
    run_id: str
    gate: str


class Models(BaseModel):
    """The versions that one may see."""

    status: Literal["success"] = "success"
    models: list[Model]


@router.post("/deploy", summary="Deploy a completed training")
def deploy(asked: DeployRequest, desk: DeskOf, person: PersonOf) -> MovedAnswer:
    """Register a training's model as a version, stage it, and let it be called by its id."""
    wanted = Deploying(
        asked.training_job_id, asked.model_name, asked.version, asked.description, tuple(asked.tags),
        asked.promote_to_production,
    )  # fmt: skip
    return _answer(models.deploy(desk, person, wanted))


@router.get("/deployed", summary="List deployed models")
def deployed(
    desk: DeskOf,
    person: PersonOf,
    page: PageOf,
    name: Annotated[str, Query(max_length=500)] = "",
    status: Annotated[str, Query(max_length=60)] = "",
) -> Models:
    """The versions that one may see, the newest first, those registered by `mlflow run` too."""
    place = page.after(str, str)
    found = models.deployed(desk, person, name=name, status=status)
    if place is not None:
        found = [each for each in found if (each.created_at, each.model_id) < place]
    shown = page.shown(found[: page.asked], lambda each: (each.created_at, each.model_id))
    return Models(models=[Model(**asdict(each)) for each in shown])


@router.post("/benchmark", summary="Hold deployed models against each other")
async def benchmark(
    request: Request, asked: BenchmarkRequest, desk: DeskOf, person: PersonOf
) -> dict[str, Any]:
    """Score one data set by several versions, and answer when that is done: metrics and latency."""
    started = await run_in_threadpool(
        benchmarking.start, desk, person, asked.model_ids, asked.dataset_id, target_column=asked.target_column
    )
    ended = await asyncio.gather(*(waited(desk, request, job) for job in started))
    return {
        "status": "success",
        "dataset_id": asked.dataset_id,
        "models": [asdict(benchmarking.standing(job)) for job in ended],
    }


@router.post("/{model_id}/promote", summary="Promote a version")
def promote(
    model_id: ModelId, desk: DeskOf, person: PersonOf, asked: PromoteRequest | None = None
) -> MovedAnswer:
    """Move a version to Production, or to Staging; the one that was there is archived."""
    wanted = asked or PromoteRequest()
    return _answer(
        model_moves.promote(
            desk, person, model_id, to=STAGES[wanted.stage], reason=wanted.reason, force=wanted.force
        )
    )


@router.post("/{model_id}/demote", summary="Demote a version")
def demote(
    model_id: ModelId, desk: DeskOf, person: PersonOf, asked: MoveRequest | None = None
) -> MovedAnswer:
    """Move a version one stage down."""
    return _answer(model_moves.demote(desk, person, model_id, reason=asked.reason if asked else ""))


@router.post("/{model_id}/archive", summary="Archive a version")
def archive(
    model_id: ModelId, desk: DeskOf, person: PersonOf, asked: MoveRequest | None = None
) -> MovedAnswer:
    """Take a version out of use; it can still be called by its id."""
    return _answer(model_moves.archive(desk, person, model_id, reason=asked.reason if asked else ""))


@router.post("/{model_name}/rollback", summary="Go back to an earlier version")
def rollback(
    model_name: ModelName,
    desk: DeskOf,
    person: PersonOf,
    to_version: Annotated[str, Query(max_length=200)] = "",
    asked: MoveRequest | None = None,
) -> MovedAnswer:
    """Move Production back to the version before, or to `to_version`, which once was there."""
    reason = asked.reason if asked else ""
    return _answer(model_moves.rollback(desk, person, model_name, to_version, reason=reason))


@router.get("/{model_name}/history", summary="A model's moves")
def history(model_name: ModelName, desk: DeskOf, person: PersonOf) -> dict[str, Any]:
    """Every move of a model's versions in their order, those that were made elsewhere too."""
    moves = model_moves.history(desk, person, model_name)
    return {"status": "success", "name": model_name, "history": [asdict(move) for move in moves]}


@router.get("/{model_id}/files/{name}", summary="A picture or a table of a model")
def file(
    model_id: ModelId, name: Annotated[str, Path(max_length=200)], desk: DeskOf, person: PersonOf
) -> Response:
    """One of the pictures or tables that the model's description names."""
    found = models.file(desk, person, model_id, name)
    return Response(found.content, media_type=found.kind, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/{model_id}", summary="Look at a model")
def model(model_id: ModelId, desk: DeskOf, person: PersonOf) -> dict[str, Any]:
    """A version with its card, its metrics, the names of its pictures, and where more is."""
    card = models.one(desk, person, model_id)
    more = {"card": card.card, "plots": card.plots, "tables": card.tables, "links": card.links}
    return {**asdict(card.model), **more}


@router.delete("/{model_id}", summary="Delete a version, or a whole model")
def delete(
    model_id: Annotated[str, Path(max_length=200, description="A version's id, or a model's name.")],
    desk: DeskOf,
    person: PersonOf,
    force: Force = False,
) -> dict[str, str]:
    """Delete a version by its id, or a registered model with all its versions by its name."""
    remove = models.delete if _is_id(model_id) else models.delete_all
    return {"status": "success", "message": remove(desk, person, model_id, force=force)}


def _answer(moved: Moved) -> MovedAnswer:
    return MovedAnswer(
        model_id=moved.model_id, message=moved.message, name=moved.name, version=moved.version,
        model_status=moved.status,
    )  # fmt: skip


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
