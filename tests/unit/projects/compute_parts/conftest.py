"""A cluster of two workers with a thread each, for all tests that need one."""

from collections.abc import Callable, Iterator

import pytest
from distributed import Client

from projects.compute.crew import Crew
from tests.unit.projects.compute.cluster_fixtures import Two, two_for_long


@pytest.fixture(scope="session")
def two() -> Iterator[Two]:
    with two_for_long() as made:
        yield made


@pytest.fixture
def client(two: Two) -> Client:
    return two.client()


@pytest.fixture
def crew(client: Client) -> Callable[..., Crew]:
    """Makes crews whose tasks are small, so that small files are cut, too."""

    def make(said: list[str] | None = None, grain: int = 2000) -> Crew:
        return Crew(client, [].append if said is None else said.append, grain=grain)

    return make
