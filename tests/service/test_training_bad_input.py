"""Bad input ends a training with one sentence, exit code 2, and a run that says why it failed."""

import time

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from projects.steps.main import STEP
from tests.service.training_fixtures import QUICK

ROWS = 60
GOOD = pd.DataFrame({"x": np.arange(ROWS) % 7, "z": np.arange(ROWS) % 5, "y": ["a", "b", "c"] * (ROWS // 3)})


@pytest.fixture(autouse=True)
def server(mlflow_server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "var"))
    return mlflow_server


def sentence(capsys, tmp_path, frame, *arguments, target="y"):
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    assert STEP.run(["--data", str(path), "--target", target, *QUICK, *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


CASES = {
    "a target that is not there": (
        GOOD,
        ["--target", "yy"],
        "penstock: there is no column 'yy' to predict; did you mean 'y'?",
    ),
    "a target of one class": (GOOD.assign(y="a"), [], "target 'y' has one class only ('a')"),
    "a target that is always missing": (GOOD.assign(y=None), [], "target 'y' is missing in every row"),
    "a class too small": (
        GOOD.assign(y=["rare"] + ["a", "b"] * 29 + ["a"]),
        [],
        "class 'rare' of target 'y' has 1 row,",
    ),
    "columns of nulls and constants only": (
        GOOD.assign(x=None, z=1),
        [],
        "no column is left to learn from: column 'x'",
    ),
    "infinity in a feature": (
        GOOD.assign(x=["1e999"] + ["1", "2"] * 29 + ["3"]),
        [],
        "column 'x' must hold finite numbers; row 0 has inf",
    ),
    "infinity in the target": (
        GOOD.assign(y=[np.inf] + [0.5, 1.5] * 29 + [2.5]),
        [],
        "target 'y' must hold finite numbers; row 0 has inf",
    ),
    "a reserved name": (
        GOOD.rename(columns={"x": "prediction"}),
        [],
        "a column may not be called 'prediction'",
    ),
    "a gate of another task": (GOOD, ["--gate", "rmse < 3"], "rmse has no meaning for multiclass"),
    "an unknown metric in the gate": (
        GOOD,
        ["--gate", "auk > 3"],
        "there is no metric 'auk'; did you mean 'roc_auc'?",
    ),
    "an unknown candidate": (
        GOOD,
        ["--candidates", "forest"],
        "there is no candidate 'forest'; did you mean 'random_forest'?",
    ),
    "seconds that are no number": (GOOD, ["--tune-seconds", "long"], "tune_seconds must be a number"),
    "a name that the registry refuses": (GOOD, ["--name", "a/b"], "'a/b' is no name for a registered model"),
    "a header only": (GOOD.head(0), [], "has a header but no rows"),
    "too few rows": (GOOD.head(9), [], "9 rows with a target are too few"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_one_sentence_and_exit_code_two(case, capsys, tmp_path):
    frame, arguments, wanted = CASES[case]
    assert wanted in sentence(capsys, tmp_path, frame, *arguments)


def test_no_such_file(capsys, tmp_path):
    assert STEP.run(["--data", str(tmp_path / "no.csv"), "--target", "y"]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_an_empty_file(capsys, tmp_path):
    (tmp_path / "t.csv").touch()
    assert STEP.run(["--data", str(tmp_path / "t.csv"), "--target", "y"]) == 2
    assert "is empty; a table needs a header and rows" in capsys.readouterr().err


def test_the_run_fails_and_says_why(capsys, tmp_path, server):
    line = sentence(capsys, tmp_path, GOOD.assign(y="a"))
    client = MlflowClient(server.uri)
    (run,) = client.search_runs(["0"], max_results=1)
    assert run.info.status == "FAILED"
    assert f"penstock: {run.data.tags['penstock.error']}" == line


def test_a_server_that_is_away_is_one_sentence_within_seconds(capsys, tmp_path, monkeypatch, free_port):
    uri = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    started = time.monotonic()
    assert f"MLflow at {uri} does not answer; start it with `make run`" in sentence(capsys, tmp_path, GOOD)
    assert time.monotonic() - started < 30


def test_a_setting_that_there_is_not_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_TRAKING_URI", "http://x")
    assert "did you mean 'tracking_uri'?" in sentence(capsys, tmp_path, GOOD)


def test_odd_columns_are_left_out_and_the_rest_is_learned(capsys, tmp_path):
    frame = GOOD.assign(nothing=None, same="x", **{"ключ 🔑": [f"id {n}" for n in range(ROWS)]})
    frame.loc[:5, "y"] = None
    path = tmp_path / "odd.csv"
    frame.to_csv(path, index=False)
    assert STEP.run(["--data", str(path), "--target", "y", *QUICK, "--candidates", "lightgbm"]) == 0
    said = capsys.readouterr().out
    assert "column 'nothing' is left out: it holds only nulls" in said
    assert "column 'same' is left out: it is constant" in said
    assert "column 'ключ 🔑' is left out: its 54 texts are all distinct" in said
    assert "6 rows are left out: their target is missing" in said
