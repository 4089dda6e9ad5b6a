"""One session of the client over every endpoint of the training platform's API, on a real table."""

import uuid

import pandas as pd
import pytest

from penstock import PlatformClient, PredictionClient
from penstock.client.errors import Refused
from tests.service.platform_fixtures import SLOWLY_S, run_platform

ROWS = 1000
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    with run_platform(mlflow_server.uri, tmp_path_factory.mktemp("session"), with_gateway=True) as running:
        yield running


@pytest.fixture(scope="module")
def client(platform):
    with PlatformClient(platform.url, timeout_s=SLOWLY_S) as session:
        yield session


@pytest.fixture(scope="module")
def file(shared_data, tmp_path_factory):
    table = pd.read_csv(shared_data / "tabular" / "telco_customer_churn.csv").head(ROWS)
    path = tmp_path_factory.mktemp("telco") / "telco.csv"
    table.to_csv(path, index=False)
    return path


def is_id(text):
    return str(uuid.UUID(text)) == text


def is_started(told):
    """Whether a training or a search was started as it says."""
    return told["status"] == "success" and is_id(told["job_id"]) and bool(told["message"])


def test_a_session_over_every_endpoint(client, platform, file):
    uploaded = client.upload_dataset(file, name="telco", target_column="Churn")
    dataset_id = uploaded["dataset_id"]
    assert is_id(dataset_id)
    assert (uploaded["name"], uploaded["rows"], uploaded["columns"]) == ("telco", ROWS, 21)
    assert "Churn" in uploaded["column_names"]
    assert uploaded["missing_values"].keys() == set(uploaded["column_names"])
    known = client.dataset(dataset_id)
    assert {name: known[name] for name in uploaded} == uploaded
    assert known["dtypes"]["tenure"] == "int64"
    assert {"mean", "std", "min", "max"} <= known["numeric_stats"]["tenure"].keys()
    (listed_once,) = [each for each in client.datasets() if each["dataset_id"] == dataset_id]
    assert (listed_once["name"], listed_once["rows"], listed_once["columns"]) == ("telco", ROWS, 21)

    cleaned = client.clean(dataset_id, missing_strategy="mean", outlier_method="iqr", outlier_threshold=3.0)
    assert cleaned["status"] == "success"
    assert (cleaned["original_rows"], cleaned["cleaned_rows"]) == (ROWS, ROWS)
    ready = cleaned["cleaned_dataset_id"]
    assert is_id(ready)
    assert ready != dataset_id

    selected = client.select_features(
        ready, target_column="Churn", method="mutual_info", n_features=6, task_type="classification"
    )
    assert selected["status"] == "success"
    assert len(selected["selected_features"]) == 6
    assert all(isinstance(each, float) for each in selected["feature_importance"].values())
    assert {"Contract", *selected["selected_features"]} <= selected["feature_importance"].keys()

    split = client.split(ready, target_column="Churn", test_size=0.2, validation_size=0.1, stratify=True)
    samples = tuple(split[f"{name}_samples"] for name in ("train", "validation", "test"))
    assert (split["status"], samples) == ("success", (700, 100, 200))

    compared = client.compare(
        ready, target_column="Churn", task_type="classification", models=["logistic", "decision_tree"], cv=3
    )
    assert compared["status"] == "success"
    assert {each["model"] for each in compared["comparison"]} == {"logistic", "decision_tree"}
    means = [each["mean_score"] for each in compared["comparison"]]
    assert means == sorted(means, reverse=True)
    assert {"model", "mean_score", "std_score"} <= compared["comparison"][0].keys()

    started = client.tune(
        ready, target_column="Churn", task_type="classification", algorithm="decision_tree",
        tuning_method="random_search", n_trials=2, cv=3,
    )  # fmt: skip
    assert is_started(started)
    tuned = client.wait(started["job_id"])
    assert (tuned["job_id"], tuned["status"]) == (started["job_id"], "completed")
    assert tuned["results"]

    versions = []
    for algorithm, version, hyperparameters in (
        ("lightgbm", "1.0.0", {"num_leaves": 7}),
        ("logistic", "1.1.0", {}),
    ):
        job = client.train(
            ready, target_column="Churn", task_type="classification", algorithm=algorithm,
            hyperparameters=hyperparameters, test_size=0.2, validation_size=0.1, scaling_method="standard",
            feature_selection={"method": "mutual_info", "n_features": 8}, early_stopping=True,
            early_stopping_patience=10,
        )  # fmt: skip
        assert is_started(job)
        assert client.training(job["job_id"])["status"] in ("pending", "running", "completed")
        done = client.wait(job["job_id"])
        assert (done["job_id"], done["status"]) == (job["job_id"], "completed")
        assert {"evaluation", "training_history", "training_summary"} <= done["results"].keys()
        assert done["created_at"] <= done["completed_at"]
        deployed = client.deploy(
            job["job_id"], "session", version=version, description="of a session", tags=["telco"],
            promote_to_production=False,
        )  # fmt: skip
        assert is_id(deployed["model_id"])
        assert (deployed["status"], bool(deployed["message"])) == ("success", True)
        versions.append(deployed["model_id"])
    first, second = versions

    promoted = client.promote(first)
    assert (promoted["status"], bool(promoted["message"])) == ("success", True)
    answer = client.get("/api/ml/models/deployed", name="session")
    assert answer["status"] == "success"
    assert {each["version"]: each["status"] for each in answer["models"]} == {
        "1.0.0": "production",
        "1.1.0": "staged",
    }
    listed = client.models(name="session", status="production")
    assert [each["model_id"] for each in listed] == [first]
    told = listed[0]
    assert (told["name"], told["version"], told["algorithm"]) == ("session", "1.0.0", "lightgbm")
    assert told["tags"] == ["telco"]
    assert 0 < told["metrics"]["accuracy"] <= 1
    assert told["created_at"]
    client.promote(second)
    back = client.rollback("session", to_version="1.0.0")
    assert (back["status"], back["model_id"], bool(back["message"])) == ("success", first, True)
    demoted = client.demote(first)
    assert (demoted["status"], bool(demoted["message"])) == ("success", True)

    row = pd.read_csv(file).drop(columns="Churn").iloc[0].to_dict()
    answer = client.predict(row, model_id=first, user_id="anna")
    assert (answer["status"], answer["model_id"]) == ("success", first)
    (label,), (shares,) = answer["prediction"], answer["prediction_proba"]
    assert label == ("No", "Yes")[shares[1] > shares[0]]
    assert sum(shares) == pytest.approx(1)

    begun = client.ab_test(first, second, "session-test", split_ratio=0.5)
    config = begun["config"]
    assert begun["status"] == "success"
    assert (config["test_name"], config["split_ratio"]) == ("session-test", 0.5)
    assert (config["model_a_id"], config["model_b_id"]) == (first, second)
    met = {
        client.predict(row, ab_test_name="session-test", user_id=f"user {at}")["model_id"] for at in range(12)
    }
    assert met == {first, second}

    assert client.feedback(answer["prediction_id"], label="Yes")["accepted"] == 1
    with PredictionClient(platform.url, through="platform") as predictions:
        rows = pd.read_csv(file).drop(columns="Churn").head(5)
        assert len(predictions.predict_many(first, rows, batch_size=2)) == 5
    every_record_is_listed(client, dataset_id, first, started["job_id"], answer["prediction_id"])


def every_record_is_listed(client, dataset_id, model_id, tuning, prediction_id):
    """Training jobs, tuning experiments, versions, predictions, data sets and features."""
    jobs = {each["job_id"]: each["status"] for each in client.each("/api/ml/models/train")}
    assert jobs[tuning] == "completed"
    tunings = client.get("/api/ml/experiments/tuning")["experiments"]
    assert [(each["job_id"], each["state"]) for each in tunings] == [(tuning, "completed")]
    assert model_id in {each["model_id"] for each in client.models()}
    logged = {each["prediction_id"]: each for each in client.each("/api/ml/predictions", model_id=model_id)}
    assert logged[prediction_id]["model_id"] == model_id
    assert dataset_id in {each["dataset_id"] for each in client.datasets()}
    features = client.get("/api/ml/features")
    assert (features["status"], isinstance(features["features"], list)) == ("success", True)


def test_a_frame_is_uploaded(client):
    frame = pd.DataFrame({"x": range(30), "y": [0, 1] * 15})
    assert client.upload_dataset(frame, name="frame")["rows"] == 30


def test_refusals_are_sentences(client):
    with pytest.raises(Refused, match="data set") as told:
        client.dataset(str(uuid.uuid4()))
    assert told.value.status == 404
    with pytest.raises(Refused, match="missing_strategy"):
        client.clean(str(uuid.uuid4()), missing_strategi="mean")
