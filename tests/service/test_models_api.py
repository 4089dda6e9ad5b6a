"""The endpoints of trainings, models and requirements, over a real registry; jobs are worked off in here."""

import asyncio
import threading
import time
import uuid
from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from penstock.api import errors, models, requirements, training
from penstock.api.asked import person_of
from penstock.api.ending import Ending
from penstock.people.person import Person
from penstock.records.dataset import Dataset
from penstock.services import benchmarking, jobs
from tests.service.training_fixtures import write_shop
from tests.service.worked_off import run_desk, uploaded, worked_off

ADA = Person("ada", is_admin=True)
TRAIN, DEPLOY = "/api/ml/models/train", "/api/ml/models/deploy"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture(scope="module")
def dataset(desk, tmp_path_factory):
    return uploaded(desk, ADA, write_shop(tmp_path_factory.mktemp("shop"), "kept"), "kept")


@pytest.fixture(scope="module")
def client(desk):
    app = FastAPI()
    app.state.desk, app.state.ending = desk, Ending()
    errors.install(app)
    for door in (training, requirements, models):
        app.include_router(door.router)
    app.dependency_overrides[person_of] = lambda: ADA
    with TestClient(app) as made:
        yield made


@pytest.fixture
def asked(dataset):
    return {"dataset_id": dataset.dataset_id, "target_column": "kept", "task_type": "classification"}


@pytest.fixture(scope="module")
def job_id(desk, client, dataset):
    body = {
        "dataset_id": dataset.dataset_id, "target_column": "kept", "task_type": "classification",
        "algorithm": "decision_tree", "hyperparameters": {"max_depth": 3}, "validation_size": 0.1,
        "feature_selection": {"method": "mutual_info", "n_features": 3}, "early_stopping_patience": 5,
    }  # fmt: skip
    answer = client.post(TRAIN, json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()["job_id"]
    assert client.get(f"{TRAIN}/{found}").json()["status"] == "pending"
    worked_off(desk, desk.jobs.get(found))
    return found


@pytest.fixture(scope="module")
def deployed(client, job_id):
    body = {"training_job_id": job_id, "model_name": "shop", "version": "1.0.0", "tags": ["a"]}
    answer = client.post(DEPLOY, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_training_is_started_with_success_and_a_message(client, asked):
    answer = client.post(TRAIN, json=asked | {"algorithm": "knn"}).json()
    assert set(answer) == {"status", "job_id", "message"}
    assert (answer["status"], str(uuid.UUID(answer["job_id"]))) == ("success", answer["job_id"])


def test_a_completed_training_tells_its_results(client, job_id):
    told = client.get(f"{TRAIN}/{job_id}").json()
    assert (told["status"], told["error"]) == ("completed", None), told["error"]
    assert {"evaluation", "training_history", "training_summary"} <= set(told["results"])
    assert {"accuracy", "precision", "recall", "f1", "roc_auc", "confusion_matrix"} <= set(
        told["results"]["evaluation"]
    )
    assert told["created_at"] < told["completed_at"]
    assert "model" not in told["results"]


def test_shares_are_of_all_rows_and_columns_are_selected(client, job_id):
    summary = client.get(f"{TRAIN}/{job_id}").json()["results"]["training_summary"]
    samples = summary["samples"]
    assert [samples[part] for part in ("train", "validation", "test")] == [210, 30, 60]
    assert summary["hyperparameters"]["max_depth"] == 3


def test_a_picture_that_the_evaluation_names_is_there(client, job_id):
    names = client.get(f"{TRAIN}/{job_id}").json()["results"]["evaluation"]["plots"]
    answer = client.get(f"{TRAIN}/{job_id}/files/{names[0]}")
    assert (answer.headers["content-type"], answer.content[:4]) == ("image/png", b"\x89PNG")


@pytest.mark.parametrize("name", ["../training.json", "nothing.png", "..%2ftraining.json"])
def test_no_other_file_of_the_run_is_there(client, job_id, name):
    assert client.get(f"{TRAIN}/{job_id}/files/{name}").status_code == 404


def test_a_cancelled_training_has_failed_by_the_code_cancelled(desk, client, asked):
    found = client.post(TRAIN, json=asked).json()["job_id"]
    desk.jobs.ask_to_cancel(found, "ada")
    told = client.get(f"{TRAIN}/{found}").json()
    assert (told["status"], told["error"]["code"]) == ("failed", "cancelled")


def test_a_deployed_model_is_told_with_its_id(deployed):
    assert deployed["status"] == "success"
    assert deployed["message"] == "version 1.0.0 of 'shop' is deployed and staged"
    uuid.UUID(deployed["model_id"])


def test_the_listing_has_the_fields_of_its_contract(client, deployed):
    answer = client.get("/api/ml/models/deployed", params={"name": "shop", "status": "staged"}).json()
    (model,) = answer["models"]
    assert answer["status"] == "success"
    assert {"model_id", "name", "version", "algorithm", "status", "created_at", "metrics"} <= set(model)
    assert (model["version"], model["algorithm"], model["status"]) == ("1.0.0", "decision_tree", "staged")


def test_a_model_is_promoted_rolled_back_and_demoted(client, job_id):
    body = {"training_job_id": job_id, "model_name": "moved", "promote_to_production": True}
    first = client.post(DEPLOY, json=body | {"version": "1.0.0"}).json()
    second = client.post(DEPLOY, json=body | {"version": "2.0.0"}).json()
    assert second["message"] == "version 2.0.0 of 'moved' is deployed and in production"
    back = client.post("/api/ml/models/moved/rollback?to_version=1.0.0").json()
    assert (back["status"], back["model_id"]) == ("success", first["model_id"])
    demoted = client.post(f"/api/ml/models/{first['model_id']}/demote").json()
    assert (demoted["status"], demoted["model_status"]) == ("success", "staged")
    assert client.post(f"/api/ml/models/{first['model_id']}/promote").json()["status"] == "success"


def test_a_promotion_twice_is_a_conflict(client, job_id):
    body = {"training_job_id": job_id, "model_name": "twice", "promote_to_production": True}
    made = client.post(DEPLOY, json=body).json()
    answer = client.post(f"/api/ml/models/{made['model_id']}/promote")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_there")


def test_a_rollback_to_a_version_that_there_is_not_names_those_there_are(client, deployed):
    answer = client.post("/api/ml/models/shop/rollback?to_version=9.9.9")
    assert answer.status_code == 404
    assert "its versions are 1.0.0" in answer.json()["error"]["message"]


def test_models_are_compared_when_the_answer_comes(desk, client, asked):
    working = threading.Thread(target=work_off_the_next, args=(desk, "compare"))
    working.start()
    answer = client.post("/api/ml/models/compare", json=asked | {"models": ["knn", "decision_tree"], "cv": 2})
    working.join()
    assert answer.status_code == 200, answer.text
    told = answer.json()["comparison"]
    assert {each["model"] for each in told} == {"knn", "decision_tree"}
    assert all({"mean_score", "std_score"} <= set(each) for each in told)


def test_a_comparison_that_goes_on_is_a_job_to_ask_for(client, asked):
    answer = client.post("/api/ml/models/compare", json=asked, headers={"Prefer": "respond-async"})
    told = answer.json()
    assert (answer.status_code, told["status"]) == (202, "pending")
    assert answer.headers["location"] == f"/api/ml/jobs/{told['job_id']}"


def test_a_comparison_that_failed_names_its_job(desk, client, asked, monkeypatch):
    async def wait(_, job_id, *__):
        job = await asyncio.to_thread(desk.jobs.get, job_id)
        return desk.jobs.put(replace(job, state="failed", code="away", why="MLflow is away"))

    monkeypatch.setattr(jobs, "wait", wait)
    answer = client.post("/api/ml/models/compare", json=asked)
    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told["message"]) == (409, "away", "MLflow is away")
    assert desk.jobs.get(told["details"]["job_id"]).wanted.entry == "compare"


def test_split_rows_are_benchmarked_on_those_that_were_held_out(desk, dataset, deployed):
    split = str(uuid.uuid4())
    desk.datasets.add(Dataset(split, dataset.project, "ada", "parts", "split", run_id="r1"))
    (job,) = benchmarking.start(desk, ADA, [deployed["model_id"]], split)
    assert job.wanted.parameters["data"] == "runs:/r1/data/test.parquet"


def test_a_search_tells_parameters_score_and_trials(desk, client, asked):
    body = asked | {"algorithm": "decision_tree", "tuning_method": "random_search", "n_trials": 2, "cv": 2}
    found = client.post("/api/ml/models/tune", json=body).json()["job_id"]
    worked_off(desk, desk.jobs.get(found))
    results = client.get(f"{TRAIN}/{found}").json()["results"]
    assert {"best_params", "best_score", "trials"} <= set(results)
    assert results["metric"] == "accuracy"


def test_an_ensemble_is_trained_by_its_name(desk, client, asked):
    body = asked | {"algorithm": "voting", "hyperparameters": {"models": ["knn", "decision_tree"]}, "cv": 2}
    found = client.post(TRAIN, json=body).json()["job_id"]
    worked_off(desk, desk.jobs.get(found))
    summary = client.get(f"{TRAIN}/{found}").json()["results"]["training_summary"]
    assert sorted(summary["members"]) == ["decision_tree", "knn"]


def test_a_requirement_becomes_a_version(desk, client, dataset):
    body = {
        "project_name": "what the shop keeps", "data_source": "/path/to/messy/data/",
        "objective": "Predict kept", "dataset_id": dataset.dataset_id, "target_column": "kept",
        "candidates": ["decision_tree"], "tuning": {"seconds": 0}, "split": {"folds": 2},
    }  # fmt: skip
    answer = client.post("/api/ml/requirements", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()["job_id"]
    worked_off(desk, desk.jobs.get(found))
    told = client.get(f"/api/ml/requirements/{found}").json()
    assert told["status"] == "completed", told["error"]
    assert told["results"]["deployed"]["name"] == "what the shop keeps"
    again = client.get(f"/api/ml/requirements/{found}").json()
    assert again["results"]["deployed"] == told["results"]["deployed"]


@pytest.mark.parametrize(
    ("path", "change", "refusal"),
    [
        ("train", {"algorithm": "xgbost"}, (422, "did you mean 'xgboost'?")),
        ("train", {"algorithm": "ridge"}, (422, "'ridge' cannot do classification")),
        ("train", {"target_column": "kepd"}, (422, "did you mean 'kept'?")),
        ("train", {"algoritm": "knn"}, (422, "did you mean 'algorithm'?")),
        ("train", {"test_size": 1.5}, (422, "test_size")),
        ("train", {"dataset_id": str(uuid.uuid4())}, (404, "there is no data set")),
        ("train", {"dataset_id": "'; DROP TABLE penstock_jobs; --"}, (404, "there is no data set")),
        ("train", {"scaling_method": "log"}, (422, "scaling_method")),
        ("train", {"sample_size": "some"}, (422, "sample_size")),
        ("train", {"hyperparameters": {"x": "y" * 5000}}, (422, "and at most 4,000 are taken")),
        ("train", {"project": "eve/secret"}, (404, "there is no project 'eve/secret'")),
        ("tune", {"tuning_method": "guess"}, (422, "tuning_method")),
        ("tune", {"n_trials": 0}, (422, "n_trials")),
        ("tune", {"algorithm": "voting"}, (422, "'voting' cannot be asked for here")),
        ("compare", {"models": ["knn", "x" * 60]}, (422, "there is no algorithm")),
        ("compare", {"cv": 1}, (422, "cv")),
        ("deploy", {}, (422, "there is no field")),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(client, asked, path, change, refusal):
    answer = client.post(f"/api/ml/models/{path}", json=asked | change)
    assert (answer.status_code, answer.json()["status"]) == (refusal[0], "error"), answer.text
    assert refusal[1] in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"data_source": "/etc/passwd", "objective": "Predict x"}, (403, "name it by dataset_id")),
        ({"project_nam": "x", "objective": "Predict x"}, (422, "project_name")),
        ({"requirement": "a: [", "objective": "Predict x"}, (422, "the requirement is no YAML")),
        ({"requirement": "a: 1\na: 2"}, (422, "the requirement gives the key 'a' twice")),
        ({}, (422, "give a requirement, or objective and dataset_id")),
        ({"features": {"custom": ["os.system"]}, "data_source": "x"}, (403, "")),
        ({"gate": "beauty > 3", "objective": "Predict x"}, (422, "there is no metric")),
    ],
)
def test_a_requirement_that_cannot_be_met_is_refused_at_once(client, body, refusal):
    answer = client.post("/api/ml/requirements", json=body)
    assert answer.status_code == refusal[0], answer.text
    assert refusal[1] in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [f"{TRAIN}/x", "/api/ml/models/8c1d89de-977d-495a-b1c1-1e1244210823", "/api/ml/models/none/history"],
)
def test_what_is_not_there_is_404(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), answer.text


def test_the_schema_and_templates_of_requirements_are_told(client):
    assert "objective" in client.get("/api/ml/requirements/schema").json()["properties"]
    assert "churn" in client.get("/api/ml/requirements/templates").json()


def work_off_the_next(desk, entry):
    """Wait for a job of an entry point, and work it off."""
    found, until = [], time.monotonic() + 240
    while not found and time.monotonic() < until:
        found = desk.jobs.listed(entries=[entry], states=["pending"])
    worked_off(desk, desk.jobs.get(found[0].job_id))
