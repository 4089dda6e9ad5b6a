"""`/api/ml/requirements`: what a person wants, as YAML, JSON or one sentence, becomes a job."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.training import Started
from penstock.problems import BadRequest
from penstock.services import requirements
from penstock.services.requirements import Asking

router = APIRouter(prefix="/api/ml/requirements", tags=["requirements"])
Text = Annotated[str, Field(max_length=500)]


class RequirementRequest(BaseModel):
    """A requirement, as it is or as a text, or a sentence about a data set.

    Keys of the requirement itself may stand beside these fields: a requirement is accepted as it is.
    """

    model_config = ConfigDict(
        extra="allow",
        protected_namespaces=(),
        json_schema_extra={
            "examples": [
                {
                    "objective": "I want to predict customer churn",
                    "dataset_id": "0198c0de-0000-7000-8000-000000000000",
                },
                {
                    "project_name": "customer_churn_prediction",
                    "dataset_id": "0198c0de-0000-7000-8000-000000000000",
                    "objective": "Predict which customers will churn in next 30 days",
                    "target_metric": "AUC > 0.85",
                    "deployment": "Production API serving 100k requests/day",
                },
            ]
        },
    )

    requirement: dict[str, Any] | Annotated[str, Field(max_length=200_000)] = Field(
        "", description="YAML or JSON text, or the requirement as an object."
    )
    objective: Annotated[str, Field(max_length=5000)] = ""
    dataset_id: Annotated[str, Field(max_length=64, description="Takes the place of `data_source`.")] = ""
    target_column: Text = ""
    project: Text = ""
    model_name: Text = Field("", description="The registered model; by default the requirement's name.")

    def asked(self) -> Asking:
        """The same for the service."""
        beside = dict(self.model_extra or {})
        if beside and self.requirement and isinstance(self.requirement, str):
            raise BadRequest(
                f"'{next(iter(beside)):.60}' stands beside a requirement as text; write it into the text"
            )
        whole = (
            {**self.requirement, **beside}
            if isinstance(self.requirement, dict)
            else beside or self.requirement
        )
        return Asking(
            whole, self.objective, self.dataset_id, self.target_column, self.project, self.model_name
        )


@router.post("", summary="Ask for a model in your own words")
def submit(asked: RequirementRequest, desk: DeskOf, person: PersonOf) -> Started:
    """Read a requirement or a sentence, and start the job that makes a model of it."""
    job = requirements.submit(desk, person, asked.asked())
    message = f"the requirement is read; `GET /api/ml/requirements/{job.job_id}` tells how it goes"
    return Started(job_id=job.job_id, message=message)


@router.get("/schema", summary="The JSON Schema of a requirement")
def schema() -> dict[str, Any]:
    """What a requirement may hold."""
    return requirements.schema()


@router.get("/templates", summary="Requirements to start from")
def templates() -> dict[str, str]:
    """Commented YAML for common cases, by name."""
    return requirements.templates()


@router.get("/{job_id}", summary="Look at a requirement")
def status(job_id: Annotated[str, Path(max_length=64)], desk: DeskOf, person: PersonOf) -> dict[str, Any]:
    """How it goes; once it is met, the recommendation, the comparison and the deployed version."""
    return asdict(requirements.status(desk, person, job_id))
