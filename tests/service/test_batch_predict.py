"""The batch command scores a file by any registered version, through its plan or else its pyfunc."""

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from projects.predict import main
from projects.train import main as train
from tests.service.training_fixtures import QUICK, write_shop


@pytest.fixture(scope="module")
def shop_file(mlflow_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(folder / "var"))
        data = write_shop(folder, "kept")
        asked = ["--data", data, "--target", "kept", "--name", "batch", "--candidates", "xgboost"]
        for _ in range(2):
            assert train([*asked, *QUICK, "--stage", "Production"]) == 0
        client = MlflowClient(mlflow_server.uri)
        client.delete_model_version_tag("batch", "1", "penstock.plan_sha256")
        yield data


def predict(shop_file, tmp_path, *arguments):
    output = tmp_path / "out.csv"
    assert main(["--data", shop_file, "--output", str(output), "--chunk-rows", "70", *arguments]) == 0
    return pd.read_csv(output)


def test_the_version_in_production_answers_by_its_plan(shop_file, tmp_path, capsys):
    found = predict(shop_file, tmp_path, "--name", "batch")
    assert set(found["model_version"]) == {"batch/2"}
    assert len(found) == 300
    np.testing.assert_allclose(found["probability_ja"] + found["probability_nein"], 1, atol=1e-6)
    assert "model batch version 2, by its scoring plan" in capsys.readouterr().out


def test_a_version_without_a_plan_answers_alike_by_its_pyfunc(shop_file, tmp_path, capsys):
    by_plan = predict(shop_file, tmp_path, "--name", "batch")["prediction"].tolist()
    by_pyfunc = predict(shop_file, tmp_path, "--name", "models:/batch/1")["prediction"].tolist()
    assert by_pyfunc == by_plan
    assert "by its pyfunc, because it has no scoring plan" in capsys.readouterr().out


def test_a_plan_that_is_not_the_tags_is_not_used(shop_file, tmp_path, capsys, mlflow_server):
    client = MlflowClient(mlflow_server.uri)
    right = client.get_model_version("batch", "2").tags["penstock.plan_sha256"]
    client.set_model_version_tag("batch", "2", "penstock.plan_sha256", "0" * 64)
    predict(shop_file, tmp_path, "--name", "batch")
    client.set_model_version_tag("batch", "2", "penstock.plan_sha256", right)
    assert "by its pyfunc, because the plan in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--name", "bach"], "there is no registered model 'bach'; did you mean 'batch'"),
        (["--name", "batch", "--version", "99"], "model 'batch' has no version 99"),
        (["--name", "batch", "--version", "two"], "a version must be a whole number, not 'two'"),
        (["--name", "batch", "--stage", "Staging"], "model 'batch' has no version in Staging"),
        (["--name", "batch", "--stage", "Prod"], "there is no stage 'Prod'; did you mean 'Production'?"),
        (["--name", ""], "name the model with -P name=NAME"),
        (["--name", "batch", "--chunk-rows", "0"], "chunk_rows must be a whole number above 0"),
    ],
)
def test_what_cannot_be_found_is_one_sentence_and_exit_code_two(shop_file, capsys, arguments, sentence):
    assert main(["--data", shop_file, *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_no_data_is_one_sentence_and_exit_code_two(shop_file, capsys):
    assert main(["--name", "batch"]) == 2
    assert "name the rows to predict with -P data=FILE" in capsys.readouterr().err
