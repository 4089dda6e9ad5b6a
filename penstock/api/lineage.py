"""`/api/ml/lineage`: from a prediction to the file that it came from, and from a file to its predictions."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.paging import PageOf
from penstock.lineage.counts import Named
from penstock.services import lineage

router = APIRouter(prefix="/api/ml/lineage", tags=["lineage"])
Id = Annotated[str, Path(max_length=80)]
DatasetId = Annotated[str, Path(max_length=80, description="A data set's id, or a file's SHA-256.")]


@router.get("/predictions/{prediction_id}", summary="Where a prediction comes from")
def of_prediction(desk: DeskOf, person: PersonOf, prediction_id: Id) -> dict[str, Any]:
    """The record, its version, run, code commit, data, files and people; and what put the version there."""
    return {"status": "success", **asdict(lineage.of_prediction(desk, person, prediction_id))}


@router.get("/models/{model_id}", summary="Where a version comes from")
def of_model(desk: DeskOf, person: PersonOf, model_id: Id) -> dict[str, Any]:
    """Its run, code commit, data, files and people; and what put it there."""
    return {"status": "success", **asdict(lineage.of_model(desk, person, model_id))}


@router.get("/datasets/{dataset_id}", summary="What became of a data set or a file")
def of_dataset(desk: DeskOf, person: PersonOf, dataset_id: DatasetId) -> dict[str, Any]:
    """The data sets made of it, the versions that learned from it, and how many predictions these made."""
    return {"status": "success", **asdict(lineage.of_dataset(desk, person, dataset_id))}


@router.get("/datasets/{dataset_id}/models/{model_id}/predictions", summary="The predictions it touched")
def predictions_of(
    desk: DeskOf, person: PersonOf, page: PageOf, dataset_id: DatasetId, model_id: Id
) -> list[dict[str, Any]]:
    """The ids of the predictions of a version that learned from a data set, newest first."""
    after = page.after(int, str)
    before = Named(str(after[1]), int(after[0])) if after else None
    found = lineage.predictions_of(desk, person, dataset_id, model_id, before=before, most=page.asked)
    shown = page.shown(found.predictions, lambda named: (named.ts_us, named.prediction_id))
    return [{"prediction_id": named.prediction_id, "ts_s": named.ts_us / 1e6} for named in shown]
