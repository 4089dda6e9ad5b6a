"""The console's door: all its pages and its static files in one router."""

from fastapi import APIRouter, FastAPI

from penstock.console import (
    approval_pages,
    assets,
    data_work_pages,
    dataset_pages,
    deploy_pages,
    drift_pages,
    export_pages,
    history_pages,
    job_pages,
    key_pages,
    model_pages,
    move_pages,
    overview_page,
    project_pages,
    removal_pages,
    requirement_pages,
    route_pages,
    sign_in_page,
    test_pages,
    training_pages,
    upload_pages,
    usage_pages,
    version_pages,
)

TOPICS = (
    assets,
    sign_in_page,
    overview_page,
    project_pages,
    upload_pages,
    requirement_pages,
    removal_pages,
    training_pages,
    data_work_pages,
    dataset_pages,
    job_pages,
    deploy_pages,
    approval_pages,
    route_pages,
    test_pages,
    drift_pages,
    export_pages,
    history_pages,
    model_pages,
    version_pages,
    move_pages,
    key_pages,
    usage_pages,
)
"""Each has a `router`; more particular paths stand before those that would take them."""

router = APIRouter(include_in_schema=False)
for topic in TOPICS:
    router.include_router(topic.router)


def mount(app: FastAPI) -> None:
    """Put the console at `/`."""
    app.include_router(router)
