"""A training on a Dask cluster ends as one on this machine does, also when a worker is killed meanwhile."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from serving.plan.load import load_plan
from tests.conftest import REPO
from tests.service.dask_processes import running_dask

pytestmark = pytest.mark.slow
ROWS = 64_000
"""So many that the last fit, on four fifths of them, goes to the workers."""
ROUNDS = 300


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(ROWS, 4)).round(3), columns=["a", "b", "c", "d"])
    frame["city"] = rng.choice(["Oslo", "Lima", "Bern"], ROWS)
    value = frame["a"] + frame["b"] * frame["c"] + (frame["city"] == "Oslo") + rng.normal(0, 0.7, ROWS)
    frame["bought"] = np.where(value > 0.3, "yes", "no")
    path = tmp_path_factory.mktemp("data") / "shop.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def environ(mlflow_server, tmp_path_factory):
    given = {
        "MLFLOW_TRACKING_URI": mlflow_server.uri,
        "PENSTOCK_VAR_DIR": str(tmp_path_factory.mktemp("var")),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        yield os.environ | given


@pytest.fixture(scope="module")
def train(data, environ, tmp_path_factory):
    """Begins a training in a process of its own."""

    def begin(name, *more):
        words = [
            "main", "--data", str(data), "--target", "bought", "--name", name,
            "--candidates", "lightgbm",
            "--tune-seconds", "60", "--tune-trials", "1", "--folds", "2", "--sample-size", "full",
            "--set", f"ensembles.method=none; hyperparameters={{lightgbm: {{n_estimators: {ROUNDS}}}}}",
            *more,
        ]  # fmt: skip
        log = tmp_path_factory.mktemp("logs") / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "projects", *words], cwd=REPO, env=environ, stdout=out,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        return process, log

    return begin


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    with running_dask(tmp_path_factory.mktemp("dask")) as dask:
        yield dask


@pytest.fixture(scope="module")
def said(train, dask):
    """Both trainings; while the one on the cluster searches and fits, workers are killed."""
    process, log = train("there", "--compute", dask.address)
    for moment in ("comparing 1 candidate", "fitting lightgbm"):
        _wait_until(log, moment, process)
        time.sleep(1)
        dask.kill_a_worker()
    assert process.wait(300) == 0, log.read_text()
    here, own = train("here")
    assert here.wait(300) == 0, own.read_text()
    return log.read_text()


def _wait_until(log, words, process):
    until = time.monotonic() + 300
    while words not in log.read_text("utf-8"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def versions(said, environ):
    client = MlflowClient(environ["MLFLOW_TRACKING_URI"])
    return [client.get_model_version(name, "1") for name in ("here", "there")]


def test_workers_that_are_killed_cost_time_and_not_the_run(said, dask):
    assert f"the Dask cluster at {dask.address}: 2 workers, 2 threads" in said
    assert dask.log().count("Restarting worker") >= 2


def test_the_version_has_the_tags_that_one_made_here_has(versions):
    here, there = (set(version.tags) for version in versions)
    assert there == here


def test_scores_are_near_those_made_here(versions):
    here, there = (json.loads(version.tags["penstock.metrics"]) for version in versions)
    assert there["roc_auc"] == pytest.approx(here["roc_auc"], abs=0.01)


def test_the_plan_of_a_model_fitted_on_workers_answers_as_its_pyfunc_does(versions, environ, tmp_path):
    uri = environ["MLFLOW_TRACKING_URI"]
    folder = Path(download_artifacts("models:/there/1", dst_path=str(tmp_path), tracking_uri=uri))
    plan = load_plan(folder / "plan", sha256=versions[1].tags["penstock.plan_sha256"])
    rows = pd.read_parquet(folder / "reference.parquet")[[column.name for column in plan.columns]]
    cells = rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
    assert plan.score(cells).predictions == mlflow.pyfunc.load_model(str(folder)).predict(rows).tolist()


def test_a_scheduler_that_is_not_there_ends_a_training_with_a_sentence(train, free_port):
    process, log = train("nowhere", "--compute", f"tcp://127.0.0.1:{free_port()}")
    assert process.wait(240) == 2
    assert "penstock: the Dask scheduler at tcp://127.0.0.1:" in log.read_text()


def test_mlflow_run_takes_a_cluster_on_this_machine(data, environ, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("".join(data.read_text("utf-8").splitlines(keepends=True)[:400]), "utf-8")
    asked = {
        "data": str(rows), "target": "bought", "name": "local", "candidates": "logistic", "folds": "2",
        "tune_trials": "2", "tune_seconds": "30", "compute": "local",
    }  # fmt: skip
    words = [word for name, value in asked.items() for word in ("-P", f"{name}={value}")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", "run", ".", "--env-manager", "local", "-e", "main", *words],
        cwd=REPO, env=environ | {"PATH": path}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the Dask cluster on this machine: " in done.stdout + done.stderr
    client = MlflowClient(environ["MLFLOW_TRACKING_URI"])
    assert client.get_model_version("local", "1").tags["penstock.plan"] == "yes"
