"""`/api/ml/models/train`, `/tune` and `/compare`: one algorithm fitted, tuned, or held against others."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.described import responses
from penstock.api.paging import PageOf
from penstock.api.waited import accepted, waited
from penstock.records.cursor import Cursor
from penstock.services import jobs, training
from penstock.services.algorithms import TaskType
from penstock.services.outcomes import outcome
from penstock.services.training_asked import Comparing, Rows, Training, Tuning

router = APIRouter(prefix="/api/ml/models", tags=["training"])
Text = Annotated[str, Field(max_length=500)]
JobId = Annotated[str, Path(max_length=64)]


class _Learning(Body):
    """What all trainings ask for."""

    dataset_id: Annotated[str, Field(min_length=1, max_length=64, description="The data set's id.")]
    target_column: Text = Field("", description="The column to predict; by default the data set's own.")
    task_type: TaskType = Field("auto", description="What to do with the target.")
    project: Text = Field("", description="Where the job goes; by default the data set's project.")
    sample_size: Literal["auto", "full"] | Annotated[StrictInt, Field(ge=100, le=10**12)] | None = Field(
        None, description="How many rows are learned from: all, a number, or above 100,000 rows a sample."
    )
    sample_strategy: Literal["random", "stratified", "time_based"] | None = None
    seed: Annotated[StrictInt, Field(ge=0, lt=2**31)] | None = None

    def rows(self) -> Rows:
        """The rows that are learned from."""
        return Rows(
            self.dataset_id, self.target_column, self.task_type, self.project,
            "" if self.sample_size is None else str(self.sample_size), self.sample_strategy or "", self.seed,
        )  # fmt: skip


Selection = Literal["correlation", "mutual_info", "rfe", "tree_importance", "statistical", "none"]


class FeatureSelection(Body):
    """Which columns are kept."""

    method: Selection = "mutual_info"
    n_features: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None


class TrainRequest(_Learning):
    """One algorithm is to be fitted."""

    algorithm: Text = "random_forest"
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    test_size: Annotated[float, Field(ge=0.01, le=0.9)] = 0.2
    validation_size: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    scaling_method: Literal["standard", "minmax", "robust", "none"] = "standard"
    feature_selection: FeatureSelection | None = None
    early_stopping: bool = True
    early_stopping_patience: Annotated[StrictInt, Field(ge=1, le=100_000)] = 10
    cv: Annotated[StrictInt, Field(ge=2, le=20)] = 5

    model_config = Body.model_config | {
        "json_schema_extra": {
            "example": {
                "dataset_id": "0198c0de-0000-7000-8000-000000000000", "target_column": "churn",
                "task_type": "classification", "algorithm": "xgboost",
                "hyperparameters": {"max_depth": 4}, "test_size": 0.2, "validation_size": 0.1,
                "scaling_method": "standard",
                "feature_selection": {"method": "mutual_info", "n_features": 15},
                "early_stopping": True, "early_stopping_patience": 10,
            }
        }
    }  # fmt: skip

    def asked(self) -> Training:
        """The same for the service."""
        chosen = self.feature_selection
        return Training(
            self.rows(), self.algorithm, self.hyperparameters, self.test_size, self.validation_size,
            self.scaling_method, chosen.method if chosen else "", chosen.n_features if chosen else None,
            self.early_stopping, self.early_stopping_patience, self.cv,
        )  # fmt: skip


class CompareRequest(_Learning):
    """Several algorithms are to be compared on the same folds."""

    model_config = example(
        dataset_id="0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e", target_column="Churn", task_type="classification",
        models=["logistic", "random_forest", "xgboost"], cv=5,
    )  # fmt: skip
    models: Annotated[list[Text], Field(max_length=50)] | None = Field(
        None, description="The algorithms; by default all that can do the task."
    )
    cv: Annotated[StrictInt, Field(ge=2, le=20)] = 5
    metric: Text = Field("", description="By default accuracy, or r2 for numbers.")


class TuneRequest(_Learning):
    """Better hyperparameters of one algorithm are to be looked for."""

    model_config = example(
        dataset_id="0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e", target_column="Churn", task_type="classification",
        algorithm="random_forest", tuning_method="optuna", n_trials=20, cv=5,
    )  # fmt: skip
    algorithm: Text = "random_forest"
    tuning_method: Literal["grid_search", "random_search", "optuna"] = "optuna"
    n_trials: Annotated[StrictInt, Field(ge=1, le=100_000)] = 100
    cv: Annotated[StrictInt, Field(ge=2, le=20)] = 5
    metric: Text = Field("", description="By default accuracy, or r2 for numbers.")
    max_seconds: Annotated[float, Field(ge=1, le=604_800)] = 3600.0
    param_grid: dict[str, list[Any]] = Field(
        default_factory=dict, description="For grid_search: the values of each hyperparameter."
    )


class Started(Body):
    """A job was started."""

    status: Literal["success"] = "success"
    job_id: str
    message: str


@router.post("/train", summary="Train one algorithm")
def train(asked: TrainRequest, desk: DeskOf, person: PersonOf) -> Started:
    """Start a training. Nothing is registered by it: `POST /api/ml/models/deploy` does that."""
    job = training.train(desk, person, asked.asked())
    return _started(job.job_id, f"{asked.algorithm} is being trained")


@router.post("/tune", summary="Look for better hyperparameters")
def tune(asked: TuneRequest, desk: DeskOf, person: PersonOf) -> Started:
    """Start a search for better hyperparameters; it is polled like a training."""
    grid = {name: tuple(values) for name, values in asked.param_grid.items()}
    wanted = Tuning(
        asked.rows(), asked.algorithm, asked.tuning_method, asked.n_trials, asked.cv, asked.metric,
        asked.max_seconds, grid,
    )  # fmt: skip
    job = training.tune(desk, person, wanted)
    return _started(job.job_id, f"{asked.algorithm} is being tuned by {asked.tuning_method}")


class Compared(BaseModel):
    """What came of a comparison."""

    status: str
    comparison: list[dict[str, Any]] = Field(description="One algorithm each, the best first.")
    metric: str
    job_id: str


@router.post(
    "/compare", summary="Compare algorithms on the same folds", response_model=Compared,
    responses=responses(404, 409, accepted=True),
)  # fmt: skip
async def compare(request: Request, asked: CompareRequest, desk: DeskOf, person: PersonOf) -> Response:
    """Compare algorithms, and answer when that is done.

    With `Prefer: respond-async`, or where it takes long, the answer is the job's id.
    """
    wanted = Comparing(asked.rows(), tuple(asked.models or ("all",)), asked.cv, asked.metric)
    job = await run_in_threadpool(training.compare, desk, person, wanted)
    job = await waited(desk, request, job)
    if not job.is_over:
        return accepted(job, {})
    found = outcome(job)
    told = {"comparison": list(found.get("comparison", ())), "metric": found.get("metric", "")}
    return JSONResponse({"status": "success", **told, "job_id": job.job_id})


@router.get("/train", summary="List trainings and searches")
def trainings(desk: DeskOf, person: PersonOf, page: PageOf) -> list[dict[str, Any]]:
    """Trainings, searches and requirements of one's projects, the newest first, without their results."""
    place = page.after(float, str)
    before = Cursor(float(place[0]), str(place[1])) if place else None
    found = jobs.listed(desk, person, entries=training.TRAININGS, before=before, most=page.asked)
    return [_brief(training.told(job)) for job in page.shown(found, lambda job: (job.created_s, job.job_id))]


@router.get("/train/{job_id}", summary="Look at a training")
def trained(job_id: JobId, desk: DeskOf, person: PersonOf) -> dict[str, Any]:
    """A training's state and, once it is completed, its results; searches and requirements too."""
    return asdict(training.status(desk, person, job_id))


@router.get("/train/{job_id}/files/{name}", summary="A picture or a table of a training")
def file(
    job_id: JobId, name: Annotated[str, Path(max_length=200)], desk: DeskOf, person: PersonOf
) -> Response:
    """One of the pictures or tables that the evaluation names."""
    found = training.file(desk, person, job_id, name)
    return Response(found.content, media_type=found.kind, headers={"X-Content-Type-Options": "nosniff"})


def _brief(told: training.Told) -> dict[str, Any]:
    return {name: value for name, value in asdict(told).items() if name != "results"}


def _started(job_id: str, what: str) -> Started:
    message = f"{what}; `GET /api/ml/models/train/{job_id}` tells how it goes"
    return Started(job_id=job_id, message=message)
