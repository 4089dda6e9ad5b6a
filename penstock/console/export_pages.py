"""Exporting a version as code, from its page, and the archive, from its job's page."""

from fastapi import APIRouter, Response

from penstock.api.exporting import as_download
from penstock.console.page import PageRoute
from penstock.console.visit import SentOf, VisitOf, at
from penstock.services import exporting

router = APIRouter(route_class=PageRoute)


@router.post("/versions/{model_id}/export")
def start(visit: SentOf, model_id: str) -> Response:
    """Begin, and go to the job."""
    job = exporting.start(visit.desk, visit.person, model_id)
    return visit.go(at("jobs", job.job_id), "started")


@router.get("/jobs/{job_id}/export")
def archive(visit: VisitOf, job_id: str) -> Response:
    """What the job has made."""
    return as_download(exporting.archive(visit.desk, visit.person, job_id))
