"""The SDK's first example, from a raw table to predictions of a version in production, on real tables."""

import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from penstock import (
    DataPreparation,
    ModelDeployment,
    ModelEvaluator,
    ModelSelector,
    PredictionClient,
    TrainingDashboard,
)
from projects.errors import BadInput
from tests.service.gateway_fixtures import run_gateway

ROWS = 900


@dataclass
class Story:
    """What came of the example."""

    parts: tuple[Any, ...]
    ranking: pd.DataFrame
    search: dict[str, Any]
    model: Any
    dashboard: TrainingDashboard
    metrics: dict[str, Any]
    report: str
    deployment: ModelDeployment
    model_id: str


def example(table: pd.DataFrame, target: str, task_type: str, models: list[str], folder: Any) -> Story:
    """Prepare, compare, tune, train with monitoring, evaluate, save, promote."""
    prep = DataPreparation()
    cleaned = prep.clean_data(table, missing_strategy="mean", target_column=target)
    X, names = prep.select_features(cleaned.drop(columns=target), cleaned[target], n_features=8)
    X_train, X_val, X_test, y_train, y_val, y_test = prep.split_data(X, cleaned[target])
    selector = ModelSelector(task_type=task_type)
    ranking = selector.compare_models(X_train, y_train, models=models, cv=3)
    search = selector.optuna_search(X_train, y_train, model_name="lightgbm", n_trials=3, cv=3)
    dashboard = TrainingDashboard(task_type=task_type, patience=10)
    model = dashboard.train_with_monitoring(selector.best_model, X_train, y_train, X_val, y_val)
    evaluator = ModelEvaluator(task_type=task_type)
    proba = model.predict_proba(X_test) if task_type == "classification" else None
    metrics = evaluator.evaluate(y_test, model.predict(X_test), proba, X=X_test)
    deployment = ModelDeployment(models_dir=folder)
    model_id = deployment.save_model(
        model=model, name=target, version="1.0.0", task_type=task_type, algorithm="lightgbm",
        metrics=metrics, hyperparameters=search["best_params"], feature_names=names, target_name=target,
        training_samples=len(X_train),
    )  # fmt: skip
    deployment.promote_to_production(model_id)
    parts = (X_train, X_val, X_test, y_train, y_val, y_test)
    return Story(
        parts, ranking, search, model, dashboard, metrics, evaluator.generate_evaluation_report(), deployment,
        model_id,
    )  # fmt: skip


@pytest.fixture(scope="module")
def telco(shared_data):
    return pd.read_csv(shared_data / "tabular" / "telco_customer_churn.csv").head(ROWS)


@pytest.fixture(scope="module")
def churn(telco, mlflow_server, monkeypatch_module):
    return example(telco, "Churn", "classification", ["logistic", "lightgbm"], mlflow_server.uri)


@pytest.fixture(scope="module")
def monkeypatch_module(tmp_path_factory):
    """The moves' journal lies in a folder of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_VAR_DIR", str(tmp_path_factory.mktemp("sdk")))
        yield patch


@pytest.fixture(scope="module")
def bike(shared_data, tmp_path_factory):
    table = pd.read_csv(shared_data / "tabular" / "bike_sharing_hour.csv.gz").head(ROWS)
    table = table.drop(columns=["casual", "registered", "instant"])
    return example(table, "cnt", "regression", ["ridge", "lightgbm"], tmp_path_factory.mktemp("models"))


def knows(gateway: Any, name: str) -> bool:
    """Whether each worker has seen a model or route; what an empty body is refused for does not matter."""
    return all(gateway.predict(name, b"{}").status != 404 for _ in range(30))


def test_the_example_finds_who_leaves(churn):
    assert churn.metrics["roc_auc"] > 0.7
    assert churn.ranking["mean_score"][0] > 0.7
    assert churn.search["best_score"] >= churn.search["default_score"]
    assert "## Error analysis" in churn.report


def test_the_example_predicts_amounts_without_a_server(bike):
    assert bike.metrics["r2"] > 0.5
    model, metadata = bike.deployment.load_model(bike.model_id)
    np.testing.assert_allclose(model.predict(bike.parts[2]), bike.model.predict(bike.parts[2]))
    assert metadata["status"] == "production"


def test_a_loaded_model_answers_as_the_saved_one(churn):
    model, metadata = churn.deployment.load_model(churn.model_id)
    np.testing.assert_allclose(model.predict_proba(churn.parts[2]), churn.model.predict_proba(churn.parts[2]))
    assert metadata["version"] == "1.0.0"
    assert metadata["target_name"] == "Churn"
    assert metadata["training_samples"] == len(churn.parts[0])
    assert metadata["hyperparameters"] == json.loads(json.dumps(churn.search["best_params"]))


def test_a_saved_model_has_a_plan_and_reference_rows(churn, mlflow_server):
    version = MlflowClient(mlflow_server.uri).get_model_version("Churn", "1")
    assert version.tags["penstock.plan"] == "yes"
    assert version.current_stage == "Production"


def test_the_gateway_answers_what_was_promoted_in_a_notebook(churn, mlflow_server, tmp_path, free_port):
    X_test = churn.parts[2].head(30)
    with (
        run_gateway(mlflow_server.uri, tmp_path, free_port()) as gateway,
        PredictionClient(f"http://127.0.0.1:{gateway.port}") as client,
    ):
        gateway.wait_until(lambda: knows(gateway, "Churn"))
        found = client.predict_many("Churn", X_test, batch_size=7)
        client.feedback(found.prediction_ids[0], label="No")
    assert found.predictions == churn.model.predict(X_test).tolist()
    np.testing.assert_allclose(found.probabilities, churn.model.predict_proba(X_test), atol=1e-6)


def test_the_gateway_lets_a_user_meet_the_same_side(churn, sides, mlflow_server, tmp_path, free_port):
    rows, ids = churn.parts[2].head(1), {"1": churn.model_id}
    with (
        run_gateway(mlflow_server.uri, tmp_path, free_port()) as gateway,
        PredictionClient(f"http://127.0.0.1:{gateway.port}") as client,
    ):
        gateway.wait_until(lambda: knows(gateway, "notes"))
        answered = {user: client.predict("notes", rows, user_id=str(user)).versions[0] for user in range(12)}
    for user, number in answered.items():
        here = churn.deployment.predict_ab_test(test_name="notes", X=rows, user_id=user)[1]
        assert here == ids.get(number, sides[1])


def test_versions_are_listed_moved_and_brought_back(churn):
    X_train, X_val, _, y_train, y_val, _ = churn.parts
    other = TrainingDashboard().train_with_monitoring("logistic", X_train, y_train, X_val, y_val)
    second = churn.deployment.save_model(model=other, name="Churn", version="1.1.0")
    churn.deployment.promote_to_production(second)
    statuses = {each["version"]: each["status"] for each in churn.deployment.list_models(name="Churn")}
    assert (statuses["1.0.0"], statuses["1.1.0"]) == ("archived", "production")
    back = churn.deployment.rollback("Churn", to_version="1.0.0")
    assert back["model_id"] == churn.model_id
    assert churn.deployment.list_models(status="production")[0]["version"] == "1.0.0"


@pytest.fixture(scope="module")
def sides(churn):
    """The two ids of an A/B test called `notes`."""
    X_train, X_val, _, y_train, y_val, _ = churn.parts
    other = TrainingDashboard().train_with_monitoring("decision_tree", X_train, y_train, X_val, y_val)
    second = churn.deployment.save_model(model=other, name="Churn", version="2.0.0")
    config = churn.deployment.setup_ab_test(
        model_a_id=churn.model_id, model_b_id=second, test_name="notes", split_ratio=0.5
    )
    assert config["split_ratio"] == 0.5
    return churn.model_id, second


def test_a_user_meets_one_side_of_a_test(churn, sides):
    rows, ask = churn.parts[2].head(3), churn.deployment.predict_ab_test
    met = {user: ask(test_name="notes", X=rows, user_id=user)[1] for user in range(12)}
    assert set(met.values()) == set(sides)
    predictions, again = ask(test_name="notes", X=rows, user_id=3)
    assert again == met[3]
    assert len(predictions) == 3


def test_an_estimator_of_ones_own_is_saved_and_loaded(churn):
    X = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0)[::-1]})
    model = LogisticRegression().fit(X, np.arange(20) > 9)
    model_id = churn.deployment.save_model(model=model, name="own")
    loaded, metadata = churn.deployment.load_model(model_id)
    assert isinstance(loaded, LogisticRegression)
    assert metadata["feature_names"] == ["a", "b"]
    assert (loaded.predict(X) == model.predict(X)).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d: d.save_model(model=SVC(), name="x"), "the SVC is not fitted yet; fit it before"),
        (lambda d: d.save_model(model="m.pkl", name="x"), "model must be a fitted model that can predict"),
        (lambda d: d.load_model("0198"), "there is no model with the id '0198'; list_models"),
        (lambda d: d.rollback("Chrun"), "there is no model 'Chrun'; did you mean 'Churn'"),
        (lambda d: d.rollback("Churn", "9"), "'Churn' has no version '9'"),
        (lambda d: d.predict_ab_test("note", X=pd.DataFrame({"a": [1]})), "did you mean 'notes'"),
        (lambda d: d.list_models(status="live"), "status must be one of training, staged"),
    ],
)
@pytest.mark.usefixtures("sides")
def test_what_cannot_be_deployed_is_told(churn, call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call(churn.deployment)


def test_a_version_that_is_there_already_is_told(churn):
    with pytest.raises(BadInput, match=r"'Churn' has a version '1\.0\.0' already; choose another"):
        churn.deployment.save_model(model=churn.model, name="Churn", version="1.0.0")


def test_a_notebooks_own_run_and_address_are_left_alone(churn):
    import mlflow

    assert mlflow.active_run() is None
    assert not mlflow.tracking.is_tracking_uri_set()
    assert (mlflow.get_registry_uri(), "MLFLOW_REGISTRY_URI" in os.environ) == (
        mlflow.get_tracking_uri(),
        False,
    )


def test_a_name_given_again_is_loaded_anew_and_no_files_are_left(tmp_path, monkeypatch):
    (scratch := tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    deployment, X = ModelDeployment(tmp_path / "models"), np.array([[0.0], [1.0]])
    for answer in (3.0, 7.0):
        model_id = deployment.save_model(
            model=DummyRegressor(strategy="constant", constant=answer).fit(X, X[:, 0]),
            name="same", task_type="regression",
        )  # fmt: skip
        model, _ = deployment.load_model(model_id)
        assert model.predict(X).tolist() == [answer, answer]
        MlflowClient(f"sqlite:///{tmp_path}/models/mlflow.db").delete_registered_model("same")
    assert not list(scratch.iterdir())
