"""Whoever waits for a job is told of it, whatever becomes of the waiting."""

import asyncio
from types import SimpleNamespace

from starlette.requests import Request

from penstock.api import models
from penstock.api.ending import Ending
from penstock.api.waited import waited
from penstock.jobs.job import Job, Wanted
from penstock.problems import Away
from penstock.services import benchmarking, jobs


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


def test_a_benchmark_tells_of_jobs_that_go_on(monkeypatch):
    async def away(*_):
        raise Away("the database does not answer")

    async def answer(headers):
        app = SimpleNamespace(state=SimpleNamespace(ending=Ending()))
        request = Request({"type": "http", "headers": headers, "app": app})
        desk = SimpleNamespace(settings=SimpleNamespace(api_wait_s=5.0))
        asked = models.BenchmarkRequest(model_ids=["m"], dataset_id="d")
        return await models.benchmark(request, asked, desk, None)

    parameters, asked = {"name": "churn"}, {"model_id": "m", "version": "1"}
    job = Job("1", Wanted("evaluate", "ana", "ana/p", parameters, asked=asked), "pending", 1.0)
    monkeypatch.setattr(benchmarking, "start", lambda *_, **__: [job])
    monkeypatch.setattr(jobs, "wait", away)
    for headers in ([], [(b"prefer", b"respond-async")]):
        (told,) = asyncio.run(answer(headers))["models"]
        assert (told["status"], told["job_id"]) == ("pending", "1")
