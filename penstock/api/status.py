"""`/health`, `/ready` and `/metrics`: for the machinery around the API."""

from concurrent.futures import ThreadPoolExecutor

import requests
import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from penstock.api.asked import DeskOf, person_of
from penstock.calling.gateway import gateway_url
from penstock.desk import Desk
from penstock.metrics import exposition
from penstock.problems import NotAllowed, Problem
from penstock.services.told import as_problems
from serving.callers.loopback import are_status_doors_open

router = APIRouter(tags=["status"])
PATIENCE_S = 2.0
EXAMPLE = {"ready": True, "parts": {"database": True, "mlflow": True, "gateway": True}}


@router.get("/health", summary="Is the process up?")
async def health() -> dict[str, str]:
    """Whether this process answers; it looks at nothing else."""
    return {"status": "ok"}


@router.get(
    "/ready",
    summary="Is all there that is needed?",
    response_class=JSONResponse,
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE}}},
        503: {"description": "Something does not answer.", "content": {"application/json": {}}},
    },
)
async def ready(request: Request, desk: DeskOf) -> JSONResponse:
    """Whether the database, MLflow and the gateway answer."""
    await _may_look(request, desk)
    parts = await run_in_threadpool(_parts, desk)
    is_ready = all(parts.values())
    return JSONResponse({"ready": is_ready, "parts": parts}, 200 if is_ready else 503)


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
async def metrics(request: Request, desk: DeskOf) -> Response:
    """Prometheus' text format."""
    await _may_look(request, desk)
    text = await run_in_threadpool(exposition, desk)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _may_look(request: Request, desk: Desk) -> None:
    if are_status_doors_open(desk.settings):
        return
    if not (await person_of(request)).is_admin:
        raise NotAllowed("the state of the machinery is for administrators; ask one")


def _parts(desk: Desk) -> dict[str, bool]:
    gateway, certificate = gateway_url(desk.settings), desk.settings.tls_cert_file
    with ThreadPoolExecutor(3) as pool:
        asked = {
            "database": pool.submit(_has_database, desk),
            "mlflow": pool.submit(_answers, f"{desk.settings.tracking_uri}/health"),
            "gateway": pool.submit(_answers, f"{gateway}/health", certificate),
        }
        return {name: answer.result() for name, answer in asked.items()}


def _has_database(desk: Desk) -> bool:
    try:
        with as_problems(), desk.database.begin(is_read_only=True) as connection:
            connection.execute(sa.text("SELECT 1"))
    except Problem:
        return False
    return True


def _answers(url: str, certificate: str = "") -> bool:
    try:
        return bool(requests.get(url, timeout=PATIENCE_S, verify=certificate or True).ok)
    except requests.RequestException:
        return False
