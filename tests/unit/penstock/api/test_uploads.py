"""Nobody holds the door with many or with slow files."""

import asyncio

import pytest

from penstock.api import form, uploads
from penstock.api.uploads import Uploads
from penstock.problems import Problem, TooMany


def test_one_person_sends_so_many_files_at_once_and_no_more(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 2)
    under_way = Uploads()
    with under_way.one_more("ada"), under_way.one_more("ada"):
        with (
            pytest.raises(TooMany, match="2 files of yours are coming in") as told,
            under_way.one_more("ada"),
        ):
            pass
        with under_way.one_more("ben"):
            pass
    assert told.value.retry_s
    with under_way.one_more("ada"):
        pass


def came(parts):
    async def all_of_it():
        return [part async for part in form._in_time(parts)]

    return asyncio.run(all_of_it())


async def dripping(times, pause_s, piece=b"x"):
    for _ in range(times):
        await asyncio.sleep(pause_s)
        yield piece


def test_a_body_that_drips_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(form, "SLOW_S", 0.2)
    with pytest.raises(Problem, match="the body comes more slowly than 4,096 bytes a second") as told:
        came(dripping(100, 0.02))
    assert told.value.status == 408


def test_a_body_that_stops_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(form, "SLOW_S", 0.05)
    with pytest.raises(Problem, match="more slowly than"):
        came(dripping(1, 30))


def test_a_body_that_comes_in_time_may_take_long(monkeypatch):
    monkeypatch.setattr(form, "SLOW_S", 0.5)
    assert len(came(dripping(30, 0.02, b"x" * 4096))) == 30


def test_the_time_that_the_platform_takes_is_not_the_callers(monkeypatch):
    monkeypatch.setattr(form, "SLOW_S", 0.5)

    async def slow_reader():
        async for _ in form._in_time(dripping(3, 0, b"x" * 100)):
            await asyncio.sleep(0.3)

    asyncio.run(slow_reader())
