"""The platform API as one ASGI application: its routers, its errors, its guards.

A request goes through Doorway (id, version, headers, log) -> Bodies (bounds) -> DoneOnce (repeated writes) ->
Matching (ETags) -> an endpoint, which asks a service.
"""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool

from penstock.api import errors
from penstock.api.bodies import Bodies
from penstock.api.body import known_query
from penstock.api.doorway import Doorway
from penstock.api.ending import Ending
from penstock.api.job_events import Streams
from penstock.api.matching import Matching
from penstock.api.once import DoneOnce
from penstock.api.upload import UPLOAD
from penstock.api.uploads import Uploads
from penstock.desk import Desk
from penstock.metering.measuring import Measuring
from penstock.people.sign_in import SignIn
from penstock.people.well_known import claim_soon
from penstock.records.answers import AnswerStore
from penstock.services.incoming import sweep
from serving.release import release
from serving.settings import Settings

ROUTERS: Sequence[str] = (
    "penstock.api.predictions",
    "penstock.api.status",
    "penstock.api.docs",
    "penstock.api.projects",
    "penstock.api.upload",
    "penstock.api.datasets",
    "penstock.api.data",
    "penstock.api.training",
    "penstock.api.requirements",
    "penstock.api.jobs",
    "penstock.api.traffic",
    "penstock.api.models",
    "penstock.api.exporting",
    "penstock.api.experiments",
    "penstock.api.watching",
    "penstock.api.figures",
    "penstock.api.approvals",
    "penstock.api.lineage",
    "penstock.api.removal",
    "penstock.api.audit",
    "penstock.api.members",
    "penstock.api.people",
    "penstock.api.keys",
)
"""The modules whose `router` is part of the API, in the order in which a request looks through them.

What is called a thousand times as often as all else comes first: each router before it costs 15 us a request.
"""
PAGES = "penstock.console.pages"
STREAMED = frozenset({UPLOAD})
"""Paths whose bodies go straight to the disk."""


def make_app(settings: Settings) -> FastAPI:
    """The application, which holds one desk for its life."""
    app = FastAPI(
        title="Penstock", version=release(), docs_url=None, redoc_url=None, openapi_url=None, lifespan=_life,
        redirect_slashes=False,
    )  # fmt: skip
    desk = Desk(settings)
    app.state.desk, app.state.sign_in = desk, SignIn(desk)
    app.state.answers = AnswerStore(desk.database, desk.now_s)
    app.state.ending, app.state.streams, app.state.uploads = Ending(), Streams(), Uploads()
    errors.install(app)
    for module in ROUTERS:
        app.include_router(_router(module), dependencies=[Depends(known_query)])
    import_module(PAGES).mount(app)
    _guard(app, settings)
    return app


def _guard(app: FastAPI, settings: Settings) -> None:
    """Put the guards around the application, the innermost first."""
    app.add_middleware(Matching)
    app.add_middleware(DoneOnce, streamed=STREAMED)
    app.add_middleware(Bodies, streamed=STREAMED)
    app.add_middleware(Doorway, has_tls=bool(settings.tls_cert_file))
    app.add_middleware(Measuring, answers=app.state.desk.answers)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    app.state.ending.start()
    sweep(app.state.desk.settings.projects_dir)
    await run_in_threadpool(app.state.desk.gateway_key.open)
    claim_soon(app.state.desk, is_over := threading.Event())
    yield
    is_over.set()
    await run_in_threadpool(app.state.desk.gateway_key.close)
    await run_in_threadpool(app.state.desk.trail.close)


def _router(module: str) -> APIRouter:
    router: APIRouter = import_module(module).router
    return router
