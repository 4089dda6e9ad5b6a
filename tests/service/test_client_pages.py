"""The client's lists are whole, however many pages the API answers them in."""

import uuid

import pytest
from mlflow import MlflowClient

from penstock import PlatformClient
from penstock.client.errors import Refused
from penstock.jobs.job import Wanted
from penstock.records.dataset import Dataset
from tests.service.platform_fixtures import run_platform

MANY, VERSIONS = 1100, 12


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    with run_platform(mlflow_server.uri, tmp_path_factory.mktemp("pages"), with_jobs=False) as running:
        yield running


@pytest.fixture(scope="module")
def client(platform):
    with PlatformClient(platform.url) as session:
        yield session


@pytest.fixture(scope="module")
def project(platform):
    return platform.post("/api/ml/projects", {"name": "many"}).json()["project"]


@pytest.fixture(scope="module")
def ids(platform, project):
    """The newest comes first; every other pair came in the same moment."""
    owner = project.partition("/")[0]
    made = [
        Dataset(str(uuid.uuid4()), project, owner, f"table {at}", run_id="r", created_s=1e9 + at // 2)
        for at in range(MANY)
    ]
    store = platform.desk().datasets
    for each in made:
        store.add(each)
    newest = sorted(made, key=lambda each: (each.created_s, each.dataset_id), reverse=True)
    return [each.dataset_id for each in newest]


def test_all_data_sets_come_in_order_and_once(client, ids):
    assert [each["dataset_id"] for each in client.datasets()] == ids


def test_small_pages_give_the_same(client, ids):
    found = client.each("/api/ml/datasets", limit=333)
    assert [each["dataset_id"] for each in found] == ids


def test_pages_come_as_they_are_consumed(client, ids):
    found = client.each("/api/ml/datasets", limit=2)
    assert [next(found)["dataset_id"] for _ in range(5)] == ids[:5]


def test_all_jobs_come(platform, client, project):
    store, owner = platform.desk().jobs, project.partition("/")[0]
    made = {store.add(Wanted("train", owner, project, {})).job_id for _ in range(7)}
    assert {each["job_id"] for each in client.jobs(project=project, limit=3)} == made


def test_all_versions_come_from_within_their_answer(platform, client):
    registry = MlflowClient(platform.uri)
    run = registry.create_run(registry.create_experiment("paged")).info
    registry.create_registered_model("paged")
    for _ in range(VERSIONS):
        registry.create_model_version("paged", f"{run.artifact_uri}/model", run.run_id)
    found = list(client.each("/api/ml/models/deployed", name="paged", limit=5))
    assert sorted(int(each["number"]) for each in found) == list(range(1, VERSIONS + 1))
    assert [each["model_id"] for each in client.models(name="paged")] == [each["model_id"] for each in found]


def test_projects_come(client, project):
    assert project in {each["project"] for each in client.projects()}


def test_an_endpoint_that_lists_nothing_is_told(client):
    with pytest.raises(Refused, match="there is no query parameter 'limit'"):
        next(client.each("/api/ml/me"))
