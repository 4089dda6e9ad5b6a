"""A day's load in half a minute: model servers are started and stopped for it, and no request fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.scaling.targets import MODEL_SERVER
from tests.conftest import MlflowServer
from tests.service.gateway_fixtures import BODY
from tests.service.gateway_models import register_slow
from tests.stack.autoscaling import (
    SERVICE_S,
    SHORT_DAY_S,
    SHORT_MOST,
    SHORT_PEAK_PER_S,
    Replay,
    days_shape,
    fleet_behind_gateway,
    replay,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def day(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder: Path = tmp_path_factory.mktemp("autoscaling")
    register_slow(mlflow_server.uri, "autoscaled", seconds=SERVICE_S)
    with fleet_behind_gateway(mlflow_server.uri, folder) as (gateway, fleet):
        gateway.wait_until(lambda: gateway.predict("autoscaled", BODY).status == 200)
        times = days_shape(SHORT_DAY_S, SHORT_PEAK_PER_S)
        yield replay(gateway, fleet, "autoscaled", times, SHORT_MOST)


def test_no_request_fails_while_replicas_come_and_go(day: Replay) -> None:
    assert dict(day.statuses) == {200: len(day.seen.sent)}
    assert len(day.seen.sent) > 400


def test_replicas_come_with_the_load_and_go_with_it(day: Replay) -> None:
    assert day.moments[0].ready == MODEL_SERVER.least
    assert day.started > MODEL_SERVER.least
    assert day.left == MODEL_SERVER.least


def test_more_replicas_are_asked_for_only_when_the_target_is_passed(day: Replay) -> None:
    first = next(moment for moment in day.moments if moment.wanted > MODEL_SERVER.least)
    assert first.in_flight > MODEL_SERVER.in_flight * MODEL_SERVER.least
