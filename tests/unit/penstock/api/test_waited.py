"""Whoever waits for a job is told of it, whatever becomes of the waiting."""

import asyncio
from types import SimpleNamespace

from starlette.requests import Request

from penstock.api.ending import Ending
from penstock.api.waited import waited
from penstock.jobs.job import Job, Wanted
from penstock.problems import Away
from penstock.services import jobs


def test_a_job_whose_state_cannot_be_read_is_told_as_it_was(monkeypatch):
    async def away(*_):
        raise Away("the database does not answer")

    async def answer():
        app = SimpleNamespace(state=SimpleNamespace(ending=Ending()))
        request = Request({"type": "http", "headers": [], "app": app})
        desk = SimpleNamespace(settings=SimpleNamespace(api_wait_s=5.0))
        return await waited(desk, request, job)

    job = Job("1", Wanted("clean", "ana", "ana/p", {}), "pending", 1.0)
    monkeypatch.setattr(jobs, "wait", away)
    assert asyncio.run(answer()) == job
