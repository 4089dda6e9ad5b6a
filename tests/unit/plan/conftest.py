"""Fitted models with their plans, each fitted and written once a session."""

from functools import cache

import pytest

from tests.unit.plan.plan_fixtures import write_and_load


@pytest.fixture(scope="session")
def fitted(tmp_path_factory):
    """Give `fitted(name, kind)`: the fitted model, its plan and the plan's folder."""
    return cache(lambda name, kind: write_and_load(name, kind, tmp_path_factory.mktemp("plan") / "plan"))
