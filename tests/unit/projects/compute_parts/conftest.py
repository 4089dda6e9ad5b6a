"""A cluster of two workers with a thread each, for all tests that need one."""

from collections.abc import Callable, Iterator

import pytest
from distributed import Client

from projects.compute.cluster import cluster
from projects.compute.crew import Crew
from projects.requirement.compute_section import Compute


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("dask")
    with cluster(Compute(cluster="local", workers=2), lambda _line: None, folder=folder) as made:
        assert made is not None
        yield made


@pytest.fixture
def crew(client: Client) -> Callable[..., Crew]:
    """Makes crews whose tasks are small, so that small files are cut, too."""

    def make(said: list[str] | None = None, grain: int = 2000) -> Crew:
        return Crew(client, [].append if said is None else said.append, grain=grain)

    return make
