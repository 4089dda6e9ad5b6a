"""The churn example from a raw file to a served version: `mlflow run`, the registry, the gateway."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from projects.examples.churn.pipeline import CLEANED, FIGURES, MODELS
from tests.service.gateway_fixtures import REPO, run_gateway

pytestmark = pytest.mark.slow
NAME, ROWS = "churn example", 600
MADE = ("xgb_churn_model.json", "scaler.pkl", "label_encoder.pkl", "feature_names.txt", "metadata.json")


def command(*words, **environ):
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=REPO, env=os.environ | environ, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("churn")


@pytest.fixture(scope="module")
def said(mlflow_server, folder):
    """The raw file is generated, and the entry point run on it."""
    raw = folder / "customer_churn.csv"
    command("projects.examples.churn", "generate", str(raw), "--rows", str(ROWS), "--seed", "5")
    parameters = {
        "data": raw, "name": NAME, "gate": "AUC > 0.55", "tune_seconds": "8", "candidates": "xgboost",
        "output": folder / "files", "set": "tuning.trials=1; split.folds=2",
    }  # fmt: skip
    parts = [part for name, value in parameters.items() for part in ("-P", f"{name}={value}")]
    return command(
        "mlflow", "run", ".", "--env-manager", "local", "-e", "churn", "--experiment-name", "churn", *parts,
        MLFLOW_TRACKING_URI=mlflow_server.uri, PENSTOCK_VAR_DIR=str(folder / "var"),
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(mlflow_server):
    return MlflowClient(mlflow_server.uri)


@pytest.fixture(scope="module")
def version(said, client):
    return client.get_model_version(NAME, "1")


@pytest.fixture(scope="module")
def gateway(version, client, mlflow_server, folder, free_port):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage(NAME, "1", "Production")
    with run_gateway(mlflow_server.uri, folder / "gateway", free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def rows(said, folder):
    frame = pd.read_csv(folder / "files" / CLEANED).head(40)
    return frame.drop(columns=["customer_id", "churn"]).astype({"age": float, "tenure": float})


def test_the_files_of_the_example_are_there(said, folder):
    assert {path.name for path in (folder / "files" / MODELS).iterdir()} == set(MADE)
    assert {path.name for path in (folder / "files" / FIGURES).iterdir()} == {
        "roc_curve.png", "feature_importance.png",
    }  # fmt: skip


def test_the_run_says_what_the_notes_added(said):
    assert "without the notes and" in said


def test_the_run_keeps_model_and_figures(version, client):
    kept = [item.path for item in client.list_artifacts(version.run_id, "churn/models")]
    assert sorted(Path(path).name for path in kept) == sorted(MADE)
    assert client.list_artifacts(version.run_id, "churn/reports/figures")
    assert client.get_run(version.run_id).data.metrics["churn.auc_with_notes"] > 0.5


def test_the_tables_with_notes_are_not_kept_with_the_run(version, client):
    kept = {item.path for item in client.list_artifacts(version.run_id, "churn")}
    assert kept == {"churn/models", "churn/reports"}


def test_the_version_reads_the_notes_by_a_scoring_plan(version):
    assert version.tags["penstock.plan"] == "yes"
    # With time, a vote of several of its configurations may be better.
    assert version.tags["penstock.algorithm"] in ("xgboost", "vote")


def test_the_gateway_answers_raw_records_as_the_pipeline_does(gateway, rows, version, mlflow_server):
    mlflow.set_tracking_uri(mlflow_server.uri)
    model = mlflow.pyfunc.load_model(f"models:/{NAME}/1")
    wanted = model._model_impl.sklearn_model.predict_proba(rows)
    body = {"dataframe_records": rows.to_dict("records"), "params": {"probabilities": True}}
    name = NAME.replace(" ", "%20")
    gateway.wait_until(lambda: gateway.predict(name, json.dumps(body).encode()).status == 200)
    answer = gateway.predict(name, json.dumps(body).encode()).json()
    np.testing.assert_allclose(answer["probabilities"], wanted, atol=1e-9)


def test_a_second_run_makes_no_summary_again(said, folder, mlflow_server):
    code = (
        "from projects.examples.churn.pipeline import run; import sys;"
        "print(run(sys.argv[1], sys.argv[2]).lines)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "customer_churn.csv"), str(folder / "files")],
        cwd=REPO, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert "summaries: 0 made" in done.stdout
    assert "embeddings: 0 made" in done.stdout
