"""Whoever reads a stream of events is asked from time to time whether they still may."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.api import job_events
from penstock.api.ending import Ending
from penstock.api.job_events import Streams, events
from penstock.people.person import Person
from penstock.problems import Away, NotSignedIn, TooMany

ADA = Person("ada")


class Quiet:
    """A job in which nothing happens."""

    is_over = False

    def __init__(self, *_: Any) -> None:
        self.looks = 0

    def look(self) -> list[bytes]:
        self.looks += 1
        return []


async def connected() -> bool:
    return False


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(job_events, "_Stream", Quiet)
    monkeypatch.setattr(job_events, "SIGN_IN_EVERY_S", 0.02)
    monkeypatch.setattr(job_events, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(job_events, "LONGEST_S", 0.5)

    def told(*answers: Any) -> str:
        left = list(answers)

        async def signed_in(_: Any) -> Person:
            found = left.pop(0) if left else ADA
            if isinstance(found, Exception):
                raise found
            return ADA

        async def all_of_it() -> bytes:
            monkeypatch.setattr(job_events, "signed_in", signed_in)
            state = SimpleNamespace(streams=Streams(), ending=Ending())
            request: Any = SimpleNamespace(
                headers={}, app=SimpleNamespace(state=state), is_disconnected=connected
            )
            job: Any = SimpleNamespace(job_id="j")
            return b"".join([part async for part in events(request, None, ADA, job)])  # type: ignore[arg-type]

        return asyncio.run(all_of_it()).decode()

    return told


def test_a_stream_ends_for_whoever_is_let_in_no_more(read: Any) -> None:
    found = read(ADA, NotSignedIn("this session is over; sign in again", code="session_over"))
    assert "event: problem" in found
    assert "session_over" in found


def test_what_passes_by_does_not_end_it(read: Any) -> None:
    assert "event: problem" not in read(TooMany("wait", retry_s=1), Away("MLflow is away", retry_s=1))
