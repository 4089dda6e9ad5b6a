"""Data sets in the words of the API."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from penstock.api.body import Body, example
from penstock.records.dataset import Dataset
from penstock.services import datasets

EXAMPLE: dict[str, Any] = {
    "dataset_id": "0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e", "name": "telco", "rows": 7043, "columns": 2,
    "column_names": ["tenure", "Churn"], "missing_values": {"tenure": 0, "Churn": 0},
    "target_column": "Churn", "project": "anna/default", "status": "ready",
    "created_at": "2026-05-04T10:00:00+00:00",
}  # fmt: skip


class Summary(BaseModel):
    """A data set in a list."""

    dataset_id: str
    name: str
    rows: int
    columns: int
    target_column: str
    project: str
    origin: str = Field(description="`upload`, `clean` or `split`")
    status: str = Field(description="`pending`, `ready` or `failed`")
    size_bytes: int
    created_at: str


class Uploaded(BaseModel):
    """A data set as uploading answers it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    dataset_id: str
    name: str
    rows: int
    columns: int
    column_names: list[str]
    missing_values: dict[str, int]
    target_column: str
    project: str
    status: str
    created_at: str


class Known(Uploaded):
    """All that is known of a data set."""

    dtypes: dict[str, str] = Field(description="By column, as pandas names them.")
    numeric_stats: dict[str, dict[str, float | None]] = Field(description="By column, as `describe` does.")
    origin: str
    parent_id: str
    job_id: str
    run_id: str
    sha256: str
    size_bytes: int
    parts: dict[str, int] = Field(description="Rows of each part, where it was split.")
    error: str = Field(description="Why it has no rows; empty where it has.")


class Rows(BaseModel):
    """Some rows of a data set."""

    dataset_id: str
    columns: list[str]
    rows: list[dict[str, Any]]


class Change(Body):
    """What is to be changed of a data set."""

    model_config = example(name="telco, May")
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    target_column: Annotated[str, Field(max_length=500)] | None = None


def shown(dataset: Dataset) -> dict[str, Any]:
    """A data set as uploading answers it."""
    columns = [str(name) for name in dataset.profile.get("column_names", ())]
    return {
        "dataset_id": dataset.dataset_id,
        "name": dataset.name,
        "rows": dataset.rows,
        "columns": len(columns),
        "column_names": columns,
        "missing_values": dataset.profile.get("missing_values", {}),
        "target_column": dataset.target_column,
        "project": dataset.project,
        "status": datasets.state(dataset),
        "created_at": as_time(dataset.created_s),
    }


def known(dataset: Dataset) -> dict[str, Any]:
    """All that is known of a data set."""
    return shown(dataset) | {
        "dtypes": dataset.profile.get("dtypes", {}),
        "numeric_stats": dataset.profile.get("numeric_stats", {}),
        "origin": dataset.origin,
        "parent_id": dataset.parent_id,
        "job_id": dataset.job_id,
        "run_id": dataset.run_id,
        "sha256": dataset.sha256,
        "size_bytes": dataset.size_bytes,
        "parts": dataset.profile.get("parts", {}),
        "error": datasets.failure(dataset),
    }


def summary(dataset: Dataset) -> Summary:
    """A data set in a list."""
    return Summary(
        dataset_id=dataset.dataset_id,
        name=dataset.name,
        rows=dataset.rows,
        columns=len(dataset.profile.get("column_names", ())),
        target_column=dataset.target_column,
        project=dataset.project,
        origin=dataset.origin,
        status=datasets.state(dataset),
        size_bytes=dataset.size_bytes,
        created_at=as_time(dataset.created_s),
    )


def as_time(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
