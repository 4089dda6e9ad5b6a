"""PostgreSQL restarts under load: the gateway answers on, the API says so and recovers, jobs run once."""

import time

import pytest
from mlflow import MlflowClient

from tests.conftest import pick_free_port
from tests.service.gateway_fixtures import Load
from tests.service.gateway_models import register
from tests.service.job_fixtures import ServiceProcess, ask, desk_of, over
from tests.service.platform_fixtures import run_platform
from tests.service.postgres_server import run_postgres


@pytest.fixture
def own_server(tmp_path):
    with run_postgres(tmp_path / "postgres", pick_free_port()) as server:
        yield server


@pytest.mark.slow
def test_gateway_and_api_over_a_restart_under_load(own_server, mlflow_server, tmp_path):
    register(mlflow_server.uri, "steady", label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage("steady", "1", "Production")
    url, var_dir = own_server.url(), tmp_path / "var"
    with run_platform(
        mlflow_server.uri, var_dir, with_jobs=False, with_gateway=True, database_url=url
    ) as platform:
        platform.gateway.wait_for("steady")
        assert platform.get("/api/ml/jobs").status == 200
        with Load(platform.gateway, "steady", clients=2, pause_s=0.01) as load:
            own_server.stop()
            time.sleep(1.0)
            away = platform.get("/api/ml/jobs")
            own_server.start()
            deadline = time.monotonic() + 20
            while (back := platform.get("/api/ml/jobs")).status != 200 and time.monotonic() < deadline:
                time.sleep(0.2)
        assert away.status == 503
        assert "database" in away.json()["error"]["message"]
        assert back.status == 200
        assert load.failures == []
        assert load.answers[-1][0] - load.answers[0][0] > 1.0


@pytest.mark.slow
def test_jobs_over_a_restart_are_done_once(own_server, mlflow_server, tmp_path):
    desk = desk_of(tmp_path, mlflow_server.uri, database_url=own_server.url(), jobs_at_once=2)
    files = [tmp_path / f"count{number}" for number in range(2)]
    with ServiceProcess(desk.settings, tmp_path / "service.log"):
        asked = [ask(desk, "count", file=str(file)) for file in files]
        deadline = time.monotonic() + 120
        while not all(file.exists() for file in files) and time.monotonic() < deadline:
            time.sleep(0.1)
        own_server.stop()
        time.sleep(2.0)
        own_server.start()
        ended = [over(desk, job) for job in asked]
    assert [job.state for job in ended] == ["completed", "completed"]
    assert [file.read_text().count("once") for file in files] == [1, 1]
