"""From an upload to a version in production over the API alone, on real tables and a real stack."""

import csv
import io

import mlflow
import pandas as pd
import pytest
from mlflow.artifacts import download_artifacts
from sklearn import metrics as sk

from tests.service.platform_fixtures import run_platform

TELCO, BIKES = "tabular/telco_customer_churn.csv", "tabular/bike_sharing_hour.csv.gz"
ROWS = 1500

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    with run_platform(mlflow_server.uri, tmp_path_factory.mktemp("platform"), with_gateway=True) as running:
        yield running


@pytest.fixture(autouse=True)
def registry_of_the_platform(platform):
    """MLflow's own loaders, which the tests hold answers against, ask the platform's server."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(platform.uri)
    yield
    mlflow.set_tracking_uri(before)


def few(source, folder):
    path = folder / source.name.removesuffix(".gz")
    pd.read_csv(source).head(ROWS).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def telco(platform, shared_data, tmp_path_factory):
    return platform.dataset(few(shared_data / TELCO, tmp_path_factory.mktemp("telco")), target_column="Churn")


def trained(platform, **asked):
    answer = platform.post("/api/ml/models/train", asked)
    assert answer.status == 200, answer.body
    job_id = answer.json()["job_id"]
    platform.wait_for_job(job_id)
    return platform.get(f"/api/ml/models/train/{job_id}").json()


@pytest.fixture(scope="module")
def churn(platform, telco):
    found = trained(
        platform, dataset_id=telco, target_column="Churn", task_type="classification", algorithm="lightgbm",
        hyperparameters={"num_leaves": 15}, test_size=0.2, validation_size=0.1, scaling_method="standard",
        feature_selection={"method": "mutual_info", "n_features": 10}, early_stopping=True,
        early_stopping_patience=10,
    )  # fmt: skip
    assert found["status"] == "completed", (found["error"], platform.logs())
    return found


@pytest.fixture(scope="module")
def deployed(platform, churn):
    asked = {
        "training_job_id": churn["job_id"], "model_name": "churn over the api", "version": "1.0.0",
        "description": "first", "tags": ["telco"], "promote_to_production": True,
    }  # fmt: skip
    answer = platform.post("/api/ml/models/deploy", asked)
    assert answer.status == 200, answer.body
    return answer.json()


def test_the_shares_of_rows_are_those_asked_for(churn):
    samples = churn["results"]["training_summary"]["samples"]
    assert (samples["train"], samples["validation"], samples["test"]) == (1050, 150, 300)


def test_the_evaluation_is_scikit_learns_of_the_held_out_rows(platform, churn, tmp_path):
    """The reference holds the held-out rows with what was said of them and what was true."""
    model = platform.desk().jobs.get(churn["job_id"]).results["model"]["model_id"]
    download_artifacts(f"models:/{model}", dst_path=str(tmp_path), tracking_uri=platform.uri)
    rows = pd.read_parquet(tmp_path / "reference.parquet")
    truth, said = rows["label"] == "Yes", rows["prediction"] == "Yes"
    shares = rows["probabilities"].map(lambda each: each[1])
    evaluation = churn["results"]["evaluation"]
    assert evaluation["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))
    assert evaluation["precision"] == pytest.approx(sk.precision_score(truth, said))
    assert evaluation["recall"] == pytest.approx(sk.recall_score(truth, said))
    assert evaluation["f1_score"] == evaluation["f1"] == pytest.approx(sk.f1_score(truth, said))
    assert evaluation["roc_auc"] == pytest.approx(sk.roc_auc_score(truth, shares))
    assert evaluation["confusion_matrix"] == sk.confusion_matrix(truth, said).tolist()


def test_losses_are_told_by_round_for_both_kinds_of_rows(churn):
    history = churn["results"]["training_history"]
    assert len(history["rounds"]) == len(history["train_loss"]) == len(history["validation_loss"]) > 2
    assert history["train_loss"][-1] < history["train_loss"][0]


def test_the_summary_says_what_was_trained(churn):
    summary = churn["results"]["training_summary"]
    assert (summary["algorithm"], summary["task_type"]) == ("lightgbm", "classification")
    assert summary["hyperparameters"]["num_leaves"] == 15
    assert summary["early_stopped"] is True


def test_a_plot_is_a_picture(platform, churn):
    answer = platform.get(f"/api/ml/models/train/{churn['job_id']}/files/roc_curve.png")
    assert answer.body.startswith(b"\x89PNG")


def test_a_deployed_version_answers_what_its_pyfunc_answers(platform, deployed, telco, shared_data):
    model = mlflow.pyfunc.load_model("models:/churn over the api/1")
    row = next(csv.DictReader(io.StringIO((shared_data / TELCO).read_text())))
    names = [column.name for column in model.metadata.get_input_schema()]
    wanted = model.predict(platform_row(row, model))
    asked = {"model_id": deployed["model_id"], "features": {name: plain(row[name]) for name in names}}
    answer = platform.post("/api/ml/models/predict", asked)
    assert answer.status == 200, answer.body
    assert answer.json()["prediction"] == list(wanted)


def plain(text):
    try:
        return float(text)
    except ValueError:
        return text


def platform_row(row, model):
    names = [column.name for column in model.metadata.get_input_schema()]
    return pd.DataFrame([{name: plain(row[name]) for name in names}])


def test_the_listing_names_it_in_production(platform, deployed):
    found = platform.get("/api/ml/models/deployed?name=churn%20over%20the%20api&status=production").json()
    (model,) = found["models"]
    assert (model["model_id"], model["version"], model["status"]) == (
        deployed["model_id"],
        "1.0.0",
        "production",
    )
    assert model["algorithm"] == "lightgbm"
    assert 0.5 < model["metrics"]["roc_auc"] <= 1


def test_a_second_version_takes_over_and_the_first_comes_back(platform, churn, deployed):
    asked = {"training_job_id": churn["job_id"], "model_name": "churn over the api", "version": "1.1.0"}
    second = platform.post("/api/ml/models/deploy", asked).json()
    assert platform.post(f"/api/ml/models/{second['model_id']}/promote").json()["status"] == "success"
    back = platform.post("/api/ml/models/churn%20over%20the%20api/rollback?to_version=1.0.0").json()
    assert (back["status"], back["model_id"]) == ("success", deployed["model_id"])
    history = platform.get("/api/ml/models/churn%20over%20the%20api/history").json()["history"]
    assert history[-1]["action"] == "rollback"


def test_models_are_compared_on_the_same_folds(platform, telco):
    asked = {
        "dataset_id": telco, "target_column": "Churn", "task_type": "classification",
        "models": ["logistic", "decision_tree"], "cv": 3,
    }  # fmt: skip
    answer = platform.post("/api/ml/models/compare", asked).json()
    assert {each["model"] for each in answer["comparison"]} == {"logistic", "decision_tree"}
    assert all(0.6 < each["mean_score"] < 1 and 0 <= each["std_score"] < 0.2 for each in answer["comparison"])
    assert answer["metric"] == "accuracy"


def test_a_search_tells_its_best_parameters(platform, telco):
    asked = {
        "dataset_id": telco, "target_column": "Churn", "task_type": "classification",
        "algorithm": "decision_tree", "tuning_method": "random_search", "n_trials": 4, "cv": 3,
    }  # fmt: skip
    job_id = platform.post("/api/ml/models/tune", asked).json()["job_id"]
    platform.wait_for_job(job_id)
    results = platform.get(f"/api/ml/models/train/{job_id}").json()["results"]
    assert set(results["best_params"]) >= {"max_depth"}
    assert results["best_score"] >= max(each["score"] or 0 for each in results["trials"]) - 1e-9


def test_numbers_are_evaluated_by_r2_and_its_fellows(platform, shared_data, tmp_path):
    bikes = shared_data / BIKES
    dataset = platform.dataset(few(bikes, tmp_path), target_column="cnt")
    found = trained(
        platform, dataset_id=dataset, task_type="regression", algorithm="ridge", validation_size=0
    )
    assert found["status"] == "completed", found["error"]
    assert {"r2", "rmse", "mae", "explained_variance"} <= set(found["results"]["evaluation"])


def test_deployed_models_are_held_against_each_other(platform, deployed, telco):
    asked = {"model_ids": [deployed["model_id"]], "dataset_id": telco}
    (found,) = platform.post("/api/ml/models/benchmark", asked).json()["models"]
    assert found["status"] == "completed", found
    assert found["has_learned_them"] is True
    assert 0.5 < found["metrics"]["roc_auc"] <= 1
    assert found["latency"]["p99_ms"] > 0


def test_a_sentence_becomes_a_deployed_model(platform, telco):
    asked = {
        "objective": "I want to predict customer churn", "dataset_id": telco, "model_name": "said",
        "requirement": {"candidates": ["logistic", "decision_tree"], "tuning": {"seconds": 2}},
    }  # fmt: skip
    answer = platform.post("/api/ml/requirements", asked)
    assert answer.status == 200, answer.body
    job_id = answer.json()["job_id"]
    platform.wait_for_job(job_id)
    results = platform.get(f"/api/ml/requirements/{job_id}").json()["results"]
    assert results["deployed"]["name"] == "said"
    assert results["recommendation"]["which"]
    listed = platform.get("/api/ml/models/deployed?name=said").json()["models"]
    assert [each["model_id"] for each in listed] == [results["deployed"]["model_id"]]
