"""A deployed version's code is asked for over the API and comes as one archive that stands alone."""

import io
import subprocess
import sys
import uuid
import zipfile

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from penstock.api import errors, exporting, jobs, models, training
from penstock.api.asked import person_of
from penstock.api.ending import Ending
from penstock.audit.entries import Wanted
from penstock.people.person import Person
from penstock.services import audit
from tests.service.training_fixtures import write_shop
from tests.service.worked_off import run_desk, uploaded, worked_off

ADA = Person("ada", is_admin=True)
FILES = {
    "features.py", "best_model.py", "train.py", "predict.py", "evaluate.py", "production_model.pkl",
    "requirements.txt", "README.md", "Dockerfile",
}  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture(scope="module")
def client(desk):
    app = FastAPI()
    app.state.desk, app.state.ending = desk, Ending()
    errors.install(app)
    for door in (training, jobs, models, exporting):
        app.include_router(door.router)
    app.dependency_overrides[person_of] = lambda: ADA
    with TestClient(app) as made:
        yield made


@pytest.fixture(scope="module")
def job_id(desk, client, tmp_path_factory):
    """The training's."""
    dataset = uploaded(desk, ADA, write_shop(tmp_path_factory.mktemp("shop"), "kept"), "kept")
    body = {
        "dataset_id": dataset.dataset_id, "target_column": "kept", "task_type": "classification",
        "algorithm": "decision_tree", "hyperparameters": {"max_depth": 3},
    }  # fmt: skip
    found = client.post("/api/ml/models/train", json=body).json()["job_id"]
    worked_off(desk, desk.jobs.get(found))
    return found


@pytest.fixture(scope="module")
def model_id(client, job_id):
    body = {"training_job_id": job_id, "model_name": "the shop", "version": "1.0.0"}
    answer = client.post("/api/ml/models/deploy", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["model_id"]


@pytest.fixture(scope="module")
def export(desk, client, model_id):
    """The job that exports, over."""
    answer = client.post(f"/api/ml/models/{model_id}/export")
    assert answer.status_code == 202, answer.text
    return worked_off(desk, desk.jobs.get(answer.json()["job_id"]))


@pytest.fixture(scope="module")
def answered(client, export):
    return client.get(f"/api/ml/jobs/{export.job_id}/export")


@pytest.fixture(scope="module")
def folder(answered, tmp_path_factory):
    place = tmp_path_factory.mktemp("export")
    with zipfile.ZipFile(io.BytesIO(answered.content)) as archive:
        archive.extractall(place)
    return next(path.parent for path in place.rglob("features.py"))


def test_the_job_says_what_the_code_has_shown(export):
    assert (export.state, export.results["complete"]) == ("completed", True), export.why
    assert export.results["proof"]["difference"] <= 1e-9


def test_the_archive_is_called_after_the_version(answered):
    assert answered.headers["content-disposition"] == 'attachment; filename="the_shop-v1.zip"'
    assert int(answered.headers["content-length"]) == len(answered.content)


def test_the_archive_holds_code_model_and_packages(folder):
    assert {path.name for path in folder.iterdir()} >= FILES


def test_the_code_answers_the_rows_it_comes_with_as_the_version_did(folder):
    ended = subprocess.run(
        [sys.executable, "test_predictions.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_whoever_asks_for_code_stands_in_the_audit_trail(desk, export, model_id):
    found = audit.listed(desk, ADA, Wanted(action="model.export"))
    assert model_id in [entry.details.get("model_id") for entry in found]


@pytest.mark.parametrize("path", ["models/{}/export", "jobs/{}/export"])
def test_what_is_not_there_is_told_so(client, path):
    place = f"/api/ml/{path.format(uuid.uuid4())}"
    answer = client.post(place) if path.startswith("models") else client.get(place)
    assert answer.status_code == 404, answer.text


def test_another_job_has_no_archive(client, job_id):
    answer = client.get(f"/api/ml/jobs/{job_id}/export")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_export")
    assert answer.json()["error"]["message"] == f"job {job_id} is 'train' and makes no export"


def test_an_export_that_waits_is_not_ready(client, model_id):
    job_id = client.post(f"/api/ml/models/{model_id}/export").json()["job_id"]
    answer = client.get(f"/api/ml/jobs/{job_id}/export")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_ready")


def test_an_export_that_failed_says_why(desk, client, model_id):
    answer = client.post(f"/api/ml/models/{model_id}/export").json()
    desk.jobs.ask_to_cancel(answer["job_id"], "ada")
    told = client.get(f"/api/ml/jobs/{answer['job_id']}/export").json()["error"]
    assert (told["code"], f"job {answer['job_id']} has no export" in told["message"]) == ("no_export", True)
