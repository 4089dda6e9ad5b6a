"""One warm, clean environment for all exports of these tests."""

import pytest

from tests.unit.projects.export.warm_environment import warm_environment


@pytest.fixture(scope="session")
def warm():
    with warm_environment() as place:
        yield place
