"""`/api/ml/data`: a data set cleaned, its columns chosen, its rows split; answered when the work is done."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.described import responses
from penstock.api.waited import accepted, waited
from penstock.desk import Desk
from penstock.services import data_work, datasets
from penstock.services.data_work import Started
from penstock.services.outcomes import outcome

router = APIRouter(prefix="/api/ml/data", tags=["data work"])
DatasetId = Annotated[str, Field(max_length=64, description="A data set's id.")]
Column = Annotated[str, Field(max_length=500)]
Share = Annotated[float, Field(ge=0.01, le=0.9)]
ID = "0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e"
MADE = "0198a7b2-7c02-4f7e-8a11-6d2f0b9c4e5a"


class Cleaning(Body):
    """How gaps are filled and outliers pulled in."""

    model_config = example(dataset_id=ID, missing_strategy="median", outlier_method="iqr")
    dataset_id: DatasetId
    missing_strategy: Literal["mean", "median", "mode", "drop", "forward_fill", "backward_fill"] = "median"
    outlier_method: Literal["iqr", "zscore", "none"] = "none"
    outlier_threshold: Annotated[float, Field(gt=0, le=1e6)] = 3.0
    """In interquartile ranges beyond the quartiles, or in standard deviations from the mean."""


class Cleaned(BaseModel):
    """What came of cleaning."""

    model_config = example(
        status="success", cleaned_dataset_id=MADE, original_rows=7043, cleaned_rows=7043,
        filled={"TotalCharges": 11}, pulled={}, job_id=ID,
    )  # fmt: skip
    status: str
    cleaned_dataset_id: str
    original_rows: int
    cleaned_rows: int
    filled: dict[str, int] = Field(description="Gaps filled, by column.")
    pulled: dict[str, int] = Field(description="Outliers pulled to a bound, by column.")
    job_id: str


class Selecting(Body):
    """How columns are chosen."""

    model_config = example(dataset_id=ID, target_column="Churn", method="mutual_info", n_features=5)
    dataset_id: DatasetId
    target_column: Column = ""
    method: Literal["correlation", "mutual_info", "rfe", "tree_importance", "statistical"] = "mutual_info"
    n_features: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """By default half of the columns, at least 10."""
    task_type: Literal["classification", "regression", "auto"] = "auto"


class Selected(BaseModel):
    """What came of choosing."""

    model_config = example(
        status="success", selected_features=["Contract", "tenure"],
        feature_importance={"Contract": 0.098, "tenure": 0.077, "gender": 0.0}, job_id=ID,
    )  # fmt: skip
    status: str
    selected_features: list[str]
    feature_importance: dict[str, float]
    job_id: str


class Splitting(Body):
    """How rows are parted; sizes are shares of all rows."""

    model_config = example(dataset_id=ID, target_column="Churn", test_size=0.2, validation_size=0.1)
    dataset_id: DatasetId
    target_column: Column = ""
    test_size: Share = 0.2
    validation_size: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    stratify: bool | None = None
    """By default where the target has classes."""

    @model_validator(mode="after")
    def _leaves_rows_to_learn_from(self) -> "Splitting":
        if self.test_size + self.validation_size >= 1:
            raise ValueError(
                f"test_size {self.test_size:g} and validation_size {self.validation_size:g} leave no rows to"
                " learn from; let them sum to less than 1"
            )
        return self


class SplitDone(BaseModel):
    """What came of splitting."""

    model_config = example(
        status="success", train_samples=700, validation_samples=100, test_samples=200,
        strategy="stratified", split_dataset_id=MADE, job_id=ID,
    )  # fmt: skip
    status: str
    train_samples: int
    validation_samples: int
    test_samples: int
    strategy: str
    split_dataset_id: str = Field(description="Its rows are fetched by `part`.")
    job_id: str


DONE = responses(404, 409, accepted=True)


@router.post("/clean", summary="Fill gaps, pull in outliers", response_model=Cleaned, responses=DONE)
async def clean(request: Request, desk: DeskOf, person: PersonOf, asked: Cleaning) -> Response:
    """The rows become a new data set; the target column, where it is known, stays as it is.

    Outliers are pulled to the bound, never dropped. With `Prefer: respond-async` the answer is the job's id.
    """
    started = await run_in_threadpool(
        data_work.clean, desk, person, asked.dataset_id, missing_strategy=asked.missing_strategy,
        outlier_method=asked.outlier_method, outlier_threshold=asked.outlier_threshold,
    )  # fmt: skip
    names = ("original_rows", "cleaned_rows", "filled", "pulled")
    return await _answer(desk, request, started, names, "cleaned_dataset_id")


@router.post("/select-features", summary="Which columns matter", response_model=Selected, responses=DONE)
async def select(request: Request, desk: DeskOf, person: PersonOf, asked: Selecting) -> Response:
    """Each column is judged as a whole, by the method that is named; larger importances matter more."""
    started = await run_in_threadpool(
        data_work.select, desk, person, asked.dataset_id, target_column=asked.target_column,
        method=asked.method, n_features=asked.n_features, task_type=asked.task_type,
    )  # fmt: skip
    return await _answer(desk, request, started, ("selected_features", "feature_importance"))


@router.post("/split", summary="Part the rows", response_model=SplitDone, responses=DONE)
async def split(request: Request, desk: DeskOf, person: PersonOf, asked: Splitting) -> Response:
    """Rows to learn from, to validate on and to hold out: 1,000 rows at 0.2 and 0.1 give 700, 100 and 200."""
    started = await run_in_threadpool(
        data_work.split, desk, person, asked.dataset_id, target_column=asked.target_column,
        test_size=asked.test_size, validation_size=asked.validation_size, stratify=asked.stratify,
    )  # fmt: skip
    names = ("train_samples", "validation_samples", "test_samples", "strategy")
    return await _answer(desk, request, started, names, "split_dataset_id")


async def _answer(
    desk: Desk, request: Request, started: Started, names: tuple[str, ...], made_as: str = ""
) -> Response:
    """The outcome of the job when it is over, or where to ask for it."""
    made = {made_as: started.dataset.dataset_id} if started.dataset else {}
    job = await waited(desk, request, started.job)
    if not job.is_over:
        return accepted(job, made)
    if started.dataset:
        await run_in_threadpool(datasets.settled, desk, started.dataset)
    found = outcome(job)
    told: dict[str, Any] = {"status": "success", **made, **{name: found[name] for name in names}}
    return JSONResponse(told | {"job_id": job.job_id})
